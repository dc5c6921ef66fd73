//! A made-up city as the table that `deploy/mappings/clearwalk.toml` reads.

use std::io::{self, Write};

use serde_json::Value;
use world::city::{City, Plan, Rates};

/// Writes `rows` rows under a header.
pub fn write(rows: u64, out: &mut impl Write) -> io::Result<()> {
    let plan = Plan {
        events: rows,
        rates: Rates {
            // What a table cannot say: broken lines, test mode, and what people said.
            schema: 0,
            test_mode: 0,
            confirmed: 0,
            rejected: 0,
            void: 0,
            ..Rates::default()
        },
        ..Plan::default()
    }
    // Every row of it has passed by the clock of whoever measures.
    .in_year(2025);
    let city = City::new(plan).expect("the standard city with another number of rows exists");
    let mut events = city.events();
    let mut line = String::new();
    writeln!(out, "source,id,plate,class,captured_at,zone,device,code")?;
    while events.write_next(&mut line) {
        let event: Value = serde_json::from_str(&line)?;
        let cells = [
            "/source",
            "/id",
            "/data/plate/number",
            "/data/plate/class",
            "/data/captured_at",
            "/data/place/zone",
            "/data/device/id",
            "/data/violation_code",
        ];
        for (number, cell) in cells.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            let text = event.pointer(cell).and_then(Value::as_str).unwrap_or("");
            write!(out, "{comma}{text}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}
