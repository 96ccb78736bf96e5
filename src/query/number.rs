//! Numbers as texts: as the reference's streams print them, as SQL prints and reads them.

use crate::model::FieldValue;

/// Significant digits of a number in the text of a query: what `%g` and C++ streams print.
const TEXT_DIGITS: usize = 6;
/// Significant digits of a number that SQL turns to text: `%.15g`.
const SQL_DIGITS: usize = 15;

/// The number as a C++ stream prints it, without settings: `%g`.
#[must_use]
pub fn stream_text(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    let sign = if number.is_sign_negative() { "-" } else { "" };
    if number.is_infinite() {
        return format!("{sign}inf");
    }
    let (digits, exponent) = significant(number, TEXT_DIGITS);
    format!("{sign}{}", place(&digits, exponent, TEXT_DIGITS, false))
}

/// The number as SQL turns it to text: always with a fraction.
#[must_use]
pub fn sql_text(number: f64) -> String {
    let sign = if number < 0.0 { "-" } else { "" };
    if number.is_infinite() {
        return format!("{sign}Inf");
    }
    let (digits, exponent) = significant(number, SQL_DIGITS);
    format!("{sign}{}", place(&digits, exponent, SQL_DIGITS, true))
}

/// The rounded decimal digits of a finite number, without zeros at their end, and the power of ten of the first.
fn significant(number: f64, count: usize) -> (String, i32) {
    let text = format!("{:.*e}", count - 1, number.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let kept = digits.trim_end_matches('0').len().max(1);
    (digits[..kept].to_owned(), exponent.parse().unwrap_or(0))
}

/// Puts the point, or the exponent where the number would be long, as `%g` with `precision` does.
fn place(digits: &str, exponent: i32, precision: usize, keeps_fraction: bool) -> String {
    let fraction = |digits: &str| match (digits.is_empty(), keeps_fraction) {
        (true, true) => ".0".to_owned(),
        (true, false) => String::new(),
        (false, _) => format!(".{digits}"),
    };
    let precision = i32::try_from(precision).unwrap_or(i32::MAX);
    if exponent < -4 || exponent >= precision {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}{}e{sign}{:02}", &digits[..1], fraction(&digits[1..]), exponent.unsigned_abs());
    }
    let whole = usize::try_from(exponent + 1).unwrap_or(0);
    if whole == 0 {
        let zeros = usize::try_from(-exponent - 1).unwrap_or(0);
        return format!("0.{}{digits}", "0".repeat(zeros));
    }
    if digits.len() <= whole {
        return format!("{digits}{}{}", "0".repeat(whole - digits.len()), fraction(""));
    }
    format!("{}{}", &digits[..whole], fraction(&digits[whole..]))
}

/// The number that a text is, if it is a complete numeric literal: digits with an optional sign, fraction and exponent,
/// and white space around.
#[must_use]
pub fn literal(text: &str) -> Option<FieldValue> {
    let text = text.trim_matches(|character| matches!(character, '\t'..='\r' | ' '));
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = !(whole.is_empty() && fraction.is_empty()) && are_digits(whole) && are_digits(fraction);
    if !is_number || exponent.is_some_and(|digits| digits.is_empty() || !are_digits(digits)) {
        return None;
    }
    if let Ok(integer) = text.parse::<i64>() {
        return Some(FieldValue::Integer(integer));
    }
    text.parse().ok().map(FieldValue::Real)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_print_six_digits() {
        for (number, text) in [
            (5.0, "5"),
            (-2.3, "-2.3"),
            (1_000_000.0, "1e+06"),
            (987_654.123, "987654"),
            (-0.0, "-0"),
            (0.0, "0"),
            (123_456_789.0, "1.23457e+08"),
            (0.00001, "1e-05"),
            (0.0001, "0.0001"),
            (f64::MAX, "1.79769e+308"),
            (5e-324, "4.94066e-324"),
            (999_999.5, "1e+06"),
            (100_000.0, "100000"),
            (0.1 + 0.2, "0.3"),
            (f64::NAN, "nan"),
            (-f64::NAN, "nan"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(stream_text(number), text);
        }
    }

    #[test]
    fn sql_prints_a_fraction_always() {
        for (number, text) in [
            (5.0, "5.0"),
            (-0.0, "0.0"),
            (-2.5, "-2.5"),
            (0.1, "0.1"),
            (1e14, "100000000000000.0"),
            (1e15, "1.0e+15"),
            (1.5e300, "1.5e+300"),
            (0.00001, "1.0e-05"),
            (f64::INFINITY, "Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(sql_text(number), text);
        }
    }

    #[test]
    fn only_a_complete_literal_is_a_number() {
        assert_eq!(literal(" 12 "), Some(FieldValue::Integer(12)));
        assert_eq!(literal("+5"), Some(FieldValue::Integer(5)));
        assert_eq!(literal("-1.5e1"), Some(FieldValue::Real(-15.0)));
        assert_eq!(literal(".5"), Some(FieldValue::Real(0.5)));
        assert_eq!(literal("5."), Some(FieldValue::Real(5.0)));
        assert_eq!(literal("9223372036854775808"), Some(FieldValue::Real(9_223_372_036_854_775_808.0)));
        for text in ["", " ", "abc", "5x", "1e", "0x10", ".", "--1", "inf", "nan", "1e5.0", "1 2"] {
            assert_eq!(literal(text), None, "{text:?}");
        }
    }
}
