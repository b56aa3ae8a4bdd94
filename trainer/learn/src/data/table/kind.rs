//! Files that hold rows in no format that is read, told by their first bytes.

/// What a file is, and what its owner can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    pub name: &'static str,
    pub advice: &'static str,
}

const SAVE: &str = "save its sheet as CSV";
const EXPORT: &str = "write its rows as CSV or Parquet with the program that made it";
const UNPACK: &str = "unpack it, and give the file of rows in it";
const NO_ROWS: &str = "give a file of rows";
const PANDAS: &str = "read it with pandas, and write its rows with to_csv or to_parquet";
const TEXT: &str = "save it as CSV in UTF-8";

/// Bytes that tell a word at the beginning of a text from the mark of a format.
const LOOK: usize = 64;

/// First bytes, what they say, and what to do.
const KINDS: &[(&[u8], &str, &str)] = &[
    (b"PARE", "an encrypted Parquet file", "decrypt it"),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an old Excel workbook (xls)",
        SAVE,
    ),
    (b"ARROW1", "an Arrow file (Feather)", PANDAS),
    (b"FEA1", "a Feather file", PANDAS),
    (b"\xff\xff\xff\xff", "a stream of Arrow", PANDAS),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", PANDAS),
    (b"CDF\x01", "a NetCDF file", EXPORT),
    (b"CDF\x02", "a NetCDF file", EXPORT),
    (b"ORC", "an ORC file", PANDAS),
    (b"Obj\x01", "an Avro file", EXPORT),
    (
        b"SQLite format 3\0",
        "an SQLite database",
        "export its table as CSV",
    ),
    (b"\x80\x02", "a pickle of Python", PANDAS),
    (b"\x80\x03", "a pickle of Python", PANDAS),
    (b"\x80\x04", "a pickle of Python", PANDAS),
    (b"\x80\x05", "a pickle of Python", PANDAS),
    (
        b"\x93NUMPY",
        "an array of NumPy",
        "write it as CSV with a line of names, by numpy.savetxt",
    ),
    (
        b"RDX2\n",
        "data of R (RData)",
        "write its rows with write.csv",
    ),
    (
        b"RDX3\n",
        "data of R (RData)",
        "write its rows with write.csv",
    ),
    (
        b"RDA2\n",
        "data of R (RData)",
        "write its rows with write.csv",
    ),
    (
        b"X\n\0\0\0",
        "an object of R (RDS)",
        "write its rows with write.csv",
    ),
    (
        b"MATLAB 5.0",
        "data of MATLAB",
        "write its rows with writetable",
    ),
    (b"$FL2", "an SPSS file", EXPORT),
    (b"$FL3", "an SPSS file", EXPORT),
    (b"<stata_dta>", "a Stata file", PANDAS),
    (
        b"%PDF-",
        "a PDF",
        "export the table as CSV where it was made",
    ),
    (
        b"BZh",
        "compressed by bzip2",
        "unpack it, or compress it by gzip or zstd",
    ),
    (
        b"\xfd7zXZ\0",
        "compressed by xz",
        "unpack it, or compress it by gzip or zstd",
    ),
    (
        b"\x04\"M\x18",
        "compressed by LZ4",
        "unpack it, or compress it by gzip or zstd",
    ),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (b"Rar!", "a RAR archive", UNPACK),
    (b"\x89PNG", "a PNG image", NO_ROWS),
    (b"\xff\xd8\xff", "a JPEG image", NO_ROWS),
    (b"\x7fELF", "a program", NO_ROWS),
    (b"\xff\xfe\0\0", "text in UTF-32", TEXT),
    (b"\0\0\xfe\xff", "text in UTF-32", TEXT),
    (
        b"version https://git-lfs",
        "a pointer of Git LFS",
        "fetch the file with `git lfs pull`",
    ),
];

/// What begins so, after spaces and in any case.
const MARKUP: &[(&str, &str, &str)] = &[
    (
        "<!doctype html",
        "a web page (HTML)",
        "download the data that it links to",
    ),
    (
        "<html",
        "a web page (HTML)",
        "download the data that it links to",
    ),
    ("<?xml", "an XML file", EXPORT),
    ("@relation", "an ARFF file of Weka", EXPORT),
    ("{}", "a JSON file", PANDAS),
];

/// Names of files that tell what a ZIP archive is.
const ZIPPED: &[(&[u8], &str, &str)] = &[
    (b"xl/", "an Excel workbook (xlsx)", SAVE),
    (b"[Content_Types].xml", "a document of Office", SAVE),
    (
        b"opendocument.spreadsheet",
        "an OpenDocument spreadsheet (ods)",
        SAVE,
    ),
    (
        b".npy",
        "arrays of NumPy (npz)",
        "write them as CSV with a line of names, by numpy.savetxt",
    ),
];

/// What a file is that begins with `first`; none where it may be text.
pub(super) fn of(first: &[u8]) -> Option<Kind> {
    let kind = |name, advice| Some(Kind { name, advice });
    if first.starts_with(b"PK\x03\x04") || first.starts_with(b"PK\x05\x06") {
        let holds = |name: &[u8]| first.windows(name.len()).any(|window| window == name);
        return match ZIPPED.iter().find(|(name, ..)| holds(name)) {
            Some((_, name, advice)) => kind(name, advice),
            None => kind("a ZIP archive", UNPACK),
        };
    }
    let is_text = is_text(first.get(..LOOK).unwrap_or(first));
    let begins = |magic: &[u8]| {
        // A column may be called ORC as well.
        let is_word = magic.iter().all(u8::is_ascii_alphanumeric);
        first.starts_with(magic) && !(is_word && is_text)
    };
    if let Some((_, name, advice)) = KINDS.iter().find(|(magic, ..)| begins(magic)) {
        return kind(name, advice);
    }
    let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    let text = text.trim_ascii_start();
    let begins = |with: &str| {
        let start = text.get(..with.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(with.as_bytes()))
    };
    if let Some((_, name, advice)) = MARKUP.iter().find(|(start, ..)| begins(start)) {
        return kind(name, advice);
    }
    let mut tokens = text.iter().filter(|byte| !byte.is_ascii_whitespace());
    if let (Some(b'{' | b'['), Some(b'{' | b'[' | b'"')) = (tokens.next(), tokens.next()) {
        return kind("a JSON file", PANDAS);
    }
    match first.contains(&0) {
        true => kind("no text, or text in UTF-16 without a byte order mark", TEXT),
        false => None,
    }
}

/// Whether bytes are UTF-8, but for a character that is cut at their end, without control characters.
fn is_text(bytes: &[u8]) -> bool {
    let is_utf8 = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    let is_control = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    is_utf8 && !bytes.iter().any(is_control)
}
