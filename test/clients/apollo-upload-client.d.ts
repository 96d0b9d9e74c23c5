/** The package documents its types in comments and ships no declarations: the part that tests use. */
declare module 'apollo-upload-client/UploadHttpLink.mjs' {
  import { ApolloLink } from '@apollo/client';

  export default class UploadHttpLink extends ApolloLink {
    constructor(options: { readonly uri: string });
  }
}
