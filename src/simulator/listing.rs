//! A list call: find, sort, page (documented), on rows as the server writes them.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::dialect::{Dialect, ListOrder};
use super::query::Query;

/// How many rows a list has where nobody asks (documented).
const LIMIT_DEFAULT: usize = 100;

/// The `data` of a list call: the page under this key, and `total`, the count before paging.
pub(super) fn list(key: &str, mut rows: Vec<Value>, parameters: &Query, dialect: &Dialect) -> Value {
    if dialect.list_order == ListOrder::NewestFirst {
        rows.reverse();
    }
    rows.retain(|row| is_found(row, parameters));
    sort(&mut rows, parameters);
    let total = rows.len();
    let limit = number(parameters, "limit").filter(|limit| *limit > 0).unwrap_or(LIMIT_DEFAULT);
    let page = rows.into_iter().skip(number(parameters, "skip").unwrap_or(0)).take(limit).collect();
    json!({key: dialect.list(page), "total": total})
}

fn number(parameters: &Query, key: &str) -> Option<usize> {
    parameters.get(key)?.parse().ok()
}

/// `find[a.b]=c`: every named field is this text, or a list that holds it (inferred from the vendor's document store).
fn is_found(row: &Value, parameters: &Query) -> bool {
    parameters.under("find").all(|(path, wanted)| {
        let wanted = if wanted.is_empty() { "0" } else { wanted };
        match at(row, path) {
            Some(Value::Array(many)) => many.iter().any(|one| text(Some(one)) == wanted),
            Some(Value::Object(many)) => many.values().any(|one| text(Some(one)) == wanted),
            one => text(one) == wanted,
        }
    })
}

/// `sort[a.b]=-1` is descending, everything else ascending; the first named field counts most.
fn sort(rows: &mut [Value], parameters: &Query) {
    rows.sort_by(|one, other| {
        let by_field = parameters.under("sort").map(|(path, direction)| {
            let order = compare(at(one, path), at(other, path));
            if direction == "-1" { order.reverse() } else { order }
        });
        by_field.fold(Ordering::Equal, Ordering::then)
    });
}

fn compare(one: Option<&Value>, other: Option<&Value>) -> Ordering {
    match (one.and_then(Value::as_f64), other.and_then(Value::as_f64)) {
        (Some(one), Some(other)) => one.total_cmp(&other),
        _ => text(one).cmp(&text(other)),
    }
}

fn at<'a>(row: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(row, |value, key| value.get(key))
}

/// As PHP turns a value into text: true is 1; false, null and what is missing are 0 or empty, which count as the same.
fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => "0".to_owned(),
        Some(Value::Bool(true)) => "1".to_owned(),
        Some(Value::String(text)) if text.is_empty() => "0".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(query: &str, dialect: &Dialect) -> (Vec<i64>, i64) {
        let rows =
            (0..250).map(|n| json!({"id": n, "odd": n % 2 == 1, "of": {"ten": n / 10}, "in": [n, "all"]})).collect();
        let data = list("rows", rows, &Query::decode(query), dialect);
        let page = data["rows"].as_array().cloned().unwrap_or_default();
        (page.iter().map(|row| row["id"].as_i64().unwrap()).collect(), data["total"].as_i64().unwrap())
    }

    #[test]
    fn a_list_is_found_sorted_and_paged() {
        let oldest = Dialect::default();
        for (query, expected, total) in [
            ("", (0..100).collect(), 250),
            ("limit=1000", (0..250).collect::<Vec<_>>(), 250),
            ("limit=3&skip=10", vec![10, 11, 12], 250),
            ("limit=2&sort[id]=-1", vec![249, 248], 250),
            ("skip=300", vec![], 250),
            ("find[of.ten]=7&limit=2", vec![70, 71], 10),
            ("find[of.ten]=7&find[odd]=1", vec![71, 73, 75, 77, 79], 5),
            ("find[odd]=0&limit=1", vec![0], 125),
            ("find[in]=12", vec![12], 1),
            ("find[nothing]=x", vec![], 0),
            ("sort[odd]=-1&sort[id]=-1&limit=2", vec![249, 247], 250),
            ("limit=x&skip=-1", (0..100).collect(), 250),
        ] {
            assert_eq!(ids(query, &oldest), (expected, total), "{query}");
        }
        let newest = Dialect { list_order: ListOrder::NewestFirst, ..oldest };
        assert_eq!(ids("limit=2", &newest).0, [249, 248]);
    }
}
