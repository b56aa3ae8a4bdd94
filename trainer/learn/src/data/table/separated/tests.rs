//! Files that look like CSV, what becomes of them, and what is said of them.

use super::{
    super::{
        Reading, Remark, Table,
        tests::{file, row, rows, written},
    },
    *,
};

fn read_by(text: &str, reading: &Reading) -> Result<Table, DataError> {
    let (_folder, path) = file("rows.csv", text.as_bytes());
    Table::read(&path, reading)
}

fn read(text: &str) -> Result<Table, DataError> {
    read_by(text, &Reading::default())
}

#[track_caller]
fn check_refused(text: &str, expected: &str) {
    let error = read(text).unwrap_err().to_string();
    let (_, found) = error.split_once("rows.csv").unwrap();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn the_header_shows_the_delimiter() {
    for delimiter in [",", ";", "\t", "|"] {
        let text = "a,b\n1,2\n".replace(',', delimiter);
        let table = read(&text).unwrap();
        assert_eq!(table.header(), ["a", "b"]);
        assert_eq!(rows(&table), [row(2, &["1", "2"])]);
        assert_eq!(written(&table, &[0]), text);
    }
    let text = "\"a;b\",c\n1,2\n";
    assert_eq!(read(text).unwrap().header(), ["a;b", "c"]);
    let error = read("a;b,c\n1;2,5\n").unwrap_err().to_string();
    let expected = "has commas and semicolons: say which of them separate cells, by --delimiter ',' or \
                    --delimiter ';'";
    assert!(
        error.starts_with("the header of ") && error.ends_with(expected),
        "{error}"
    );
    let semicolons = Reading {
        delimiter: Some(Delimiter::SEMICOLON),
        ..Reading::default()
    };
    let table = read_by("a;b,c\n1;2,5\n", &semicolons).unwrap();
    assert_eq!(table.header(), ["a", "b,c"]);
}

#[test]
fn excel_may_say_the_delimiter_in_the_first_line() {
    for text in ["sep=;\na;b,c\n1;2\n", "\u{feff}sep=;\r\na;b,c\r\n1;2\r\n"] {
        let table = read(text).unwrap();
        assert_eq!(table.header(), ["a", "b,c"]);
        let number = rows(&table).first().unwrap().0;
        assert_eq!(number, 3);
        assert_eq!(written(&table, &[0]), text);
    }
}

#[test]
fn decimal_commas_are_named() {
    let table = read("a;y\n2,9;13\n1;14,5\n").unwrap();
    let error = table.ensure_decimal_points(&[]).unwrap_err().to_string();
    let expected = "row 2, column \"a\": \"2,9\" has a comma: write numbers without marks between \
                    thousands, and with a point before decimals; or, where it names rows, leave the \
                    column out by --id";
    assert!(error.ends_with(expected), "{error}");
    let table = read("a,y\n\"red, blue\",13\n\"1,2\",14\n").unwrap();
    assert!(table.ensure_decimal_points(&[]).is_ok());
    let table = read("pair,y\n\"0,1\",13\n\"1,2\",14\n").unwrap();
    assert!(table.ensure_decimal_points(&[]).is_err());
    assert!(table.ensure_decimal_points(&["pair".into()]).is_ok());
}

#[test]
fn names_of_rows_are_left_out_where_the_header_has_none() {
    let table = read("\"a\",\"y\"\n\"r1\",1,2\n\"r2\",3,\n").unwrap();
    assert_eq!(table.header(), ["a", "y"]);
    assert_eq!(rows(&table), [row(2, &["1", "2"]), row(3, &["3", ""])]);
    assert_eq!(table.remarks(), [Remark::RowNames]);
    assert_eq!(written(&table, &[1]), "\"a\",\"y\"\n\"r2\",3,\n");
}

#[test]
fn free_text_in_lines_takes_no_rows_in() {
    for text in [
        "comment,smoker,y\n\"fine, thanks\",yes,ill\n\"She says:\nno fever, no cough, tired\nsee again\",yes,ill\n",
        "id,text,y\n1,none,0\n77,\"Doses:\n10, morning, 5\n20, evening, 5\nend\",1\n",
        "shape,y\n\"1.5,2.5\n3.5,4.5\n1.5,2.5\",yes\n\"0.5,2.5\n3.5,4.5\",no\n",
    ] {
        assert_eq!(rows(&read(text).unwrap()).len(), 2, "{text}");
    }
}

#[test]
fn rows_are_taken_in_whatever_ends_lines() {
    for end in ["\n", "\r", "\r\n"] {
        let text = "a,b,y\n1,\"red,2\n3,blue\",4\n5,red,6\n7,blue,8\n9,red,5\n".replace('\n', end);
        let error = read(&text).unwrap_err().to_string();
        assert!(
            error.contains("row 2 has a quote that takes in the rows after it"),
            "{error}"
        );
    }
}

#[test]
fn all_spaces_around_cells_are_left_out() {
    let table = read("\u{a0}a,y\n\u{a0}5\u{a0},good\u{a0}\n").unwrap();
    assert_eq!(table.header(), ["a", "y"]);
    assert_eq!(rows(&table), [row(2, &["5", "good"])]);
}

#[test]
fn a_header_that_lacks_an_unknown_name_is_refused() {
    let expected = ": every row has one cell more than the header, which has 2: name all columns in the \
                    header, and write decimals with a point, or take commas out that end rows";
    for text in [
        // Decimal commas look like a cell more.
        "a,y\n1,7,3\n2,4,6\n",
        // The cells at the end or those at the beginning.
        "a,y\n1,2,\n2,3,\n",
        // Nothing that names a row.
        "a,y\n1,2,3\n1,3,4\n",
        "a,y\n1.5,2,3\n1.6,3,4\n",
    ] {
        check_refused(text, expected);
    }
    // Some rows only end with a comma.
    assert!(read("a,y\n1,2,\n2,3\n").is_ok());
}

#[test]
fn a_second_header_is_refused() {
    let expected = " row 4 repeats the header: take the row out if files were joined there, or pass \
                    --no-header if the first line holds values";
    check_refused("a,b,y\n1,2,3\n4,5,6\na,b,y\n7,8,9\n", expected);
    check_refused("a,b,y\n1,2,3\n4,5,6\n\u{feff}y,b,a\n7,8,9\n", expected);
    assert!(read("0,1\n1,0\n").is_ok());
}

#[test]
fn a_title_is_no_header() {
    let begins = |title| {
        format!(
            " begins with \"{title}\" and no header: delete what stands above the names of the columns"
        )
    };
    check_refused("Sales of 2024\n\na,b,y\n1,2,3\n", &begins("Sales of 2024"));
    check_refused("Sales,,\na,b,y\n1,2,3\n", &begins("Sales"));
    assert_eq!(read(",x\n0,5\n").unwrap().header(), ["", "x"]);
}

#[test]
fn a_quote_that_takes_rows_in_is_refused() {
    let swallows = |row: u64| {
        format!(
            " row {row} has a quote that takes in the rows after it: close it in its row, write it twice \
             within quotes, or take the line ends out of the cell"
        )
    };
    let goes_on = |row: u64| {
        format!(
            " row {row} has a cell that goes on after its closing quote: write quotes twice within quotes"
        )
    };
    let open = |row: u64| {
        format!(
            " row {row} has a quote that is never closed: close it, or write it twice within quotes"
        )
    };
    let header = "a,note,y\n1,ok,2\n";
    for (rows, expected) in [
        ("3,\"ok,4\n5,ok,6\n7,ok\",8\n", swallows(3)),
        ("3,\"ok,4\n5,ok\",6\n", swallows(3)),
        ("3,4,\"ok\n5,fine,6\n7,fine,8\"\n", swallows(3)),
        ("3,\"ok,4\n5,\"ok\",6\n", goes_on(3)),
        ("3,\"ok\"s,4\n", goes_on(3)),
        ("3,ok,4\n5,\"ok,6\n7,ok,8\n", open(4)),
        ("3,ok,\"4", open(3)),
        (
            "3, \"ok\",4\n",
            " row 3 has spaces before a quote: take them out".into(),
        ),
    ] {
        check_refused(&format!("{header}{rows}"), &expected);
    }
    check_refused("a,\"note,y\n1,ok,2\n", &open(1));
}

#[test]
fn cells_of_several_lines_are_read() {
    for note in [
        "two\nlines",
        "a list: 1, 2,\n3, 4,\n5",
        "\n",
        "said \"\"yes\"\"\nand went",
    ] {
        let text = format!("a,note,y\n1,ok,2\n3,\"{note}\",4\n5,\"{note}\",6\n");
        assert_eq!(read(&text).unwrap().rows(), 3, "{text}");
    }
    let first = "note,a\n\"one\ntwo\",1\nok,2\n";
    let last = "a,note\n1,\"one\ntwo\"\n2,ok\n";
    assert!(read(first).is_ok() && read(last).is_ok());
}

#[test]
fn columns_without_a_header_are_numbered() {
    let reading = Reading {
        no_header: true,
        ..Reading::default()
    };
    let text = "\u{feff}5.1,x\r\n4.9,y\r\n";
    let table = read_by(text, &reading).unwrap();
    assert_eq!(table.header(), ["c1", "c2"]);
    assert_eq!(rows(&table), [row(1, &["5.1", "x"]), row(2, &["4.9", "y"])]);
    assert_eq!(written(&table, &[1, 0]), "4.9,y\r\n5.1,x\r\n");
    let (_folder, path) = file("rows.csv", text.as_bytes());
    assert_eq!(Table::read_header(&path, &reading).unwrap(), ["c1", "c2"]);
}

#[test]
fn a_header_of_numbers_gets_a_remark() {
    let table = read("5.1,0\n4.9,1\n").unwrap();
    assert_eq!(table.remarks(), [Remark::NumberHeader]);
    let error = table.place("y").unwrap_err().to_string();
    let expected = "has no column \"y\"; it has: 5.1, 0; if these are the first row of values, pass \
                    --no-header";
    assert!(error.ends_with(expected), "{error}");
    // As pandas numbers columns.
    assert_eq!(read("0,1,2\n5,6,7\n").unwrap().remarks(), []);
}

#[test]
fn a_header_without_an_end_is_refused() {
    let text = "x,".repeat(1 << 19);
    let (_folder, path) = file("rows.csv", text.as_bytes());
    let error = Table::read_header(&path, &Reading::default()).unwrap_err();
    assert!(matches!(error, DataError::LongHeader { .. }), "{error}");
}
