//! Numbers as people write them for people: with separators, signs of money, or per cent.

/// Signs that stand before or after a number.
const SIGNS: [char; 13] = [
    '%', '‰', '$', '€', '£', '¥', '₹', '₩', '₽', '₺', '₫', '₿', '¢',
];

/// Characters that part the digits of a number in threes.
const SEPARATORS: [char; 8] = [',', '.', '\'', '’', ' ', '\u{a0}', '\u{202f}', '_'];

/// The number that a cell holds for people, as it has to be written; none when it is already, or
/// the cell is no number for people either.
pub(super) fn plain(cell: &str) -> Option<String> {
    let is_around = |letter: char| SIGNS.contains(&letter) || letter.is_whitespace();
    let bare = cell.trim_matches(is_around);
    let (sign, bare) = match bare.strip_prefix(['-', '\u{2212}', '+']) {
        Some(rest) if bare.starts_with('+') => ("", rest),
        Some(rest) => ("-", rest),
        None => ("", bare),
    };
    let (whole, fraction) = parts(bare.trim_start_matches(is_around))?;
    let fraction = match fraction {
        "" => String::new(),
        digits => format!(".{digits}"),
    };
    let number = format!("{sign}{}{fraction}", ungrouped(whole)?);
    cell.parse::<f64>().is_err().then_some(number)
}

/// The digits before and after the decimal mark. A mark that stands once and before three digits
/// parts thousands where it is a comma, which is what most people mean by it.
fn parts(text: &str) -> Option<(&str, &str)> {
    let Some(place) = text.rfind([',', '.']) else {
        return Some((text, ""));
    };
    let (whole, rest) = text.split_at_checked(place)?;
    let (mark, fraction) = rest.split_at_checked(1)?;
    let parts_thousands = fraction.len() == 3 && (mark == "," || whole.contains(mark));
    if parts_thousands && !whole.contains(if mark == "," { '.' } else { ',' }) {
        return Some((text, ""));
    }
    // The same mark cannot part thousands as well.
    let is_number = !whole.contains(mark) && fraction.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !fraction.is_empty()).then_some((whole, fraction))
}

/// Digits without what parts them in threes; none when something else does.
fn ungrouped(whole: &str) -> Option<String> {
    let mut groups = whole.split(SEPARATORS);
    let first = groups.next()?;
    let mut digits = first.to_owned();
    for group in groups {
        if group.len() != 3 || first.len() > 3 {
            return None;
        }
        digits.push_str(group);
    }
    let is_number = !first.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_numbers_in_many_ways() {
        for (cell, expected) in [
            ("1,234", "1234"),
            ("1,234,567.5", "1234567.5"),
            ("1.234,5", "1234.5"),
            ("1.234.567", "1234567"),
            ("1.234,567", "1234.567"),
            ("1'234", "1234"),
            ("12\u{202f}345", "12345"),
            ("1 234", "1234"),
            ("3,5", "3.5"),
            ("12 %", "12"),
            ("12.5%", "12.5"),
            ("€ 5", "5"),
            ("5,00 €", "5.00"),
            ("$1,000", "1000"),
            ("-$5", "-5"),
            ("$-5", "-5"),
            ("\u{2212}3", "-3"),
            ("+1,000", "1000"),
        ] {
            assert_eq!(plain(cell).as_deref(), Some(expected), "{cell}");
        }
    }

    #[test]
    fn other_texts_are_left_alone() {
        for cell in [
            "",
            "5",
            "-1.5",
            "1e3",
            "red",
            "%",
            "$",
            "1,23,4",
            "12,34,567",
            "1.2.3",
            "10:30",
            "2026-11-30",
            "12.11.2026",
            "1/2",
            "a 5",
            "5 kg",
            "1234,567,890",
            "NaN",
            "-",
            "é1",
        ] {
            assert_eq!(plain(cell), None, "{cell}");
        }
    }
}
