//! A schema as people write it into a federation's file.

use fedchain_fl::{Column, Decimal, Schema, Target};
use toml::Value;

use crate::words::plain;

/// The part `[task.schema]`, one feature per line, without a final line end.
pub(super) fn schema(schema: &Schema) -> String {
    let mut lines = vec!["[task.schema]".to_owned(), "features = [".to_owned()];
    let feature = |feature: &Column| format!("    {},", column(feature));
    lines.extend(schema.features.iter().map(feature));
    lines.push("]".into());
    lines.push(match &schema.target {
        Target::Real(real) => format!("target = {{ real = {} }}", column(real)),
        Target::Classes { name, labels } => {
            let labels: Vec<String> = labels.iter().map(text).collect();
            format!(
                "target = {{ classes = {{ name = {}, labels = [{}] }} }}",
                text(name),
                labels.join(", ")
            )
        }
    });
    lines.join("\n")
}

fn column(column: &Column) -> String {
    let mut keys = vec![format!("name = {}", text(&column.name))];
    keys.extend(
        column
            .label
            .as_ref()
            .map(|label| format!("label = {}", text(label))),
    );
    // What a key that is not written means.
    let defaults = (Decimal::whole(0), Decimal::whole(1));
    if column.label.is_none() || (column.offset, column.scale) != defaults {
        keys.push(format!("offset = \"{}\"", plain(column.offset)));
        keys.push(format!("scale = \"{}\"", plain(column.scale)));
    }
    let missing = column.missing.map(plain);
    keys.extend(missing.map(|value| format!("missing = \"{value}\"")));
    format!("{{ {} }}", keys.join(", "))
}

fn text(text: impl ToString) -> String {
    Value::String(text.to_string()).to_string()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use fedchain_fl::FederationSpec;
    use fedchain_learn::data::{
        Dataset, Reading, Table,
        infer::{Wanted, infer},
    };
    use fedchain_test_support::Task;
    use proptest::prelude::*;

    use super::*;
    use crate::cli::spec;

    /// The wine example with another schema; a target without classes makes it a regression.
    fn spec_with(schema: &Schema) -> FederationSpec<u128> {
        let (before, _) = Task::Wine.toml().split_once("# The model sees").unwrap();
        let mut text = format!("{before}{}\n", super::schema(schema));
        if matches!(schema.target, Target::Real(_)) {
            text = text.replace("\"softmax\"", "\"linear\"");
        }
        spec::parse(&text).unwrap()
    }

    fn wanted(target: &str, classes: bool) -> Wanted<'_> {
        Wanted {
            target,
            classes,
            ..Wanted::default()
        }
    }

    #[test]
    fn the_wine_example_is_what_its_rows_say() {
        let folder = tempfile::tempdir().unwrap();
        let parts = Task::Wine.split(folder.path(), 1, 1).unwrap();
        let rows = fs::read_to_string(&parts.central).unwrap();
        let held_out = fs::read_to_string(&parts.held_out).unwrap();
        let all = folder.path().join("all.csv");
        let held_out = held_out.split_once('\n').unwrap().1;
        fs::write(&all, format!("{rows}{held_out}")).unwrap();
        let table = Table::read(&all, &Reading::default()).unwrap();
        let inferred = infer(&table, &wanted("quality", true)).unwrap();
        let (_, example) = Task::Wine.toml().split_once("[task.schema]").unwrap();
        assert_eq!(
            schema(&inferred.schema),
            format!("[task.schema]{}", example.trim_end())
        );
        assert_eq!(spec_with(&inferred.schema).task.schema, inferred.schema);
    }

    /// A cell that needs no quotes in CSV.
    fn cell() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<f64>().prop_map(|value| value.to_string()),
            (-1e4..1e4f64).prop_map(|value| value.to_string()),
            "[a-c#'=\\\\]{0,2}",
            Just("é".to_owned()),
        ]
    }

    proptest! {
        #[test]
        fn inferred_schemas_survive_the_federations_file(
            header in prop::collection::vec("[a-x '#=\\\\]{0,4}", 3),
            rows in prop::collection::vec((prop::collection::vec(cell(), 3), 0..3), 4..9),
            classes: bool,
        ) {
            let mut text = format!("{},y,always\n", header.join(","));
            for (cells, target) in &rows {
                text.push_str(&format!("{},{target},1\n", cells.join(",")));
            }
            // Two classes at least.
            text.push_str(",,,1,1\n,,,2,1\n");
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("rows.csv");
            fs::write(&path, text).unwrap();
            let table = Table::read(&path, &Reading::default()).unwrap();
            let schema = infer(&table, &wanted("y", classes)).unwrap().schema;
            let read = spec_with(&schema).task.schema;
            prop_assert_eq!(&read, &schema);
            let data = Dataset::from_table(&table, &read, None).unwrap();
            prop_assert_eq!(data.rows(), rows.len() + 2);
        }
    }
}
