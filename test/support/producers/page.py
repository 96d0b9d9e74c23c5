from reportlab.pdfgen import canvas
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
pdfmetrics.registerFont(TTFont('D','/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf'))
c=canvas.Canvas('reportlab.pdf',pagesize=A4,invariant=1,pageCompression=1)
c.setFont('D',12); c.drawString(70,760,'Contratto di collaborazione')
def red(x,y,s):
    c.setFillColorRGB(1,0,0); c.drawString(x,y,s); c.setFillColorRGB(0,0,0)
c.drawString(70,700,'Il collaboratore:'); red(200,700,'{{firma:Rossi}}')
red(200,650,'Località è perché'); c.setFont('Times-Roman',12); red(200,600,'affidamento efficace')
c.save()
