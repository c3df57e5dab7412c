"""PDF and DOCX files as bytes, good ones and hostile ones."""

import io
import zipfile
from collections.abc import Callable, Sequence

import docx
from docx.document import Document as Word
from pypdf import PdfReader, PdfWriter


def pdf(*pages: str) -> bytes:
    """A PDF of these page contents (operators between BT and ET); /F1 is regular, /F2 bold."""
    fonts = "<< /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> "
    fonts += "/F2 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold >> >>"
    kids = " ".join(f"{3 + 2 * n} 0 R" for n in range(len(pages)))
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>"]
    for n, page in enumerate(pages):
        content = f"BT {page} ET"
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {4 + 2 * n} 0 R "
            f"/Resources << /Font {fonts} >> >>",
            f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        ]
    out, places = "%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return f"{out}xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{end}".encode("latin-1")


def line(text: str, y: int, size: int = 10, font: str = "F1") -> str:
    """One line of a page at a height."""
    return f"/{font} {size} Tf 1 0 0 1 50 {y} Tm ({text}) Tj"


def locked_pdf() -> bytes:
    """A PDF that wants a password."""
    writer, out = PdfWriter(PdfReader(io.BytesIO(pdf(line("secret", 700))))), io.BytesIO()
    writer.encrypt("password", algorithm="RC4-128")
    writer.write(out)
    return out.getvalue()


def word(build: Callable[[Word], None]) -> bytes:
    """A DOCX that was built."""
    document, out = docx.Document(), io.BytesIO()
    build(document)
    document.save(out)
    return out.getvalue()


def archive(members: Sequence[tuple[str, bytes]]) -> bytes:
    """A zip file of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members:
            file.writestr(name, content)
    return out.getvalue()


def bomb(megabytes: int) -> bytes:
    """A small archive that unpacks to so much, inside an archive inside an archive."""
    part = archive([("word/document.xml", bytes(megabytes << 20))])
    nested = archive([("inner.zip", archive([("inner.zip", part)]))])
    return archive([("word/document.xml", bytes(megabytes << 20)), ("word/embeddings/x.zip", nested)])
