//! One row into one fact, or into the reason why not. A detail never quotes a cell: rows may be shifted, and a phone
//! number in a log is there for ever.

use super::fact::MappedFact;
use super::field::{Field, Precision, RowView, TimeField, Word};
use super::instant::Instant;
use super::reader::{Options, Reason};
use super::{Column, Mapping};

/// Why a row is no fact.
#[derive(Debug)]
pub(super) struct Unusable {
    pub(super) reason: Reason,
    pub(super) detail: String,
}

/// Reads the row into `fact`, whose memory is used again; what stands there after a failure means nothing.
pub(super) fn convert(
    mapping: &Mapping,
    options: &Options,
    row: RowView<'_>,
    scratch: &mut String,
    fact: &mut MappedFact,
) -> Result<(), Unusable> {
    let fields = &mapping.fields;
    let mut from = Converter {
        columns: &mapping.columns,
        row,
        scratch,
    };
    from.required(&fields.source, &mut fact.source)?;
    if fact.source.contains('#') {
        return Err(from.schema(&fields.source, "contains `#`"));
    }
    from.required(&fields.id, &mut fact.id)?;
    // The reader of facts takes none either: kept here, such a row would be counted as appended and then set aside.
    for (field, text) in [(&fields.source, &fact.source), (&fields.id, &fact.id)] {
        if text.chars().any(char::is_control) {
            return Err(from.schema(field, "contains control characters"));
        }
    }
    from.plate(&fields.plate, &mut fact.plate_number)?;
    from.optional(fields.class.as_ref(), &mut fact.class);
    if fact.class.as_deref() == Some("-") {
        fact.class = None;
    }
    from.optional(fields.color.as_ref(), &mut fact.color);
    let captured = from
        .instant(&fields.captured_at)?
        .ok_or_else(|| from.blank(&fields.captured_at.field))?;
    let now = options.now.as_microsecond();
    from.not_after(captured.micros, now, &fields.captured_at.field)?;
    fact.captured_at = captured.micros;
    fact.day_precision = match from.word(fields.precision.as_ref())? {
        Some(Precision::Day) => true,
        Some(Precision::Second) => false,
        None => captured.day_only,
    };
    fact.time = None;
    if options.known_now {
        fact.time = Some(now);
    } else if let Some(field) = &fields.time
        && let Some(known) = from.instant(field)?
    {
        from.not_after(known.micros, now, &field.field)?;
        fact.time = Some(known.micros);
    }
    from.place(mapping, fact)?;
    from.required(&fields.device, &mut fact.device)?;
    from.optional(fields.code.as_ref(), &mut fact.code);
    let mode = from.word(fields.mode.as_ref())?.unwrap_or_default();
    fact.mode = options.mode.unwrap_or(mode);
    from.optional(fields.ticket.as_ref(), &mut fact.ticket);
    from.optional(fields.session.as_ref(), &mut fact.session);
    Ok(())
}

struct Converter<'a> {
    columns: &'a [Column],
    row: RowView<'a>,
    scratch: &'a mut String,
}

impl Converter<'_> {
    fn schema(&self, field: &Field, what: &str) -> Unusable {
        Unusable {
            reason: Reason::Schema,
            detail: format!("{}: {what}", field.describe(self.columns)),
        }
    }

    fn blank(&self, field: &Field) -> Unusable {
        self.schema(field, "is absent")
    }

    fn required(&mut self, field: &Field, into: &mut String) -> Result<(), Unusable> {
        let Some(value) = field.value(self.row, self.scratch) else {
            return Err(self.blank(field));
        };
        into.clear();
        into.push_str(value);
        Ok(())
    }

    fn optional(&mut self, field: Option<&Field>, into: &mut Option<String>) {
        match field.and_then(|field| field.value(self.row, self.scratch)) {
            None => *into = None,
            Some(value) => {
                let text = into.get_or_insert_default();
                text.clear();
                text.push_str(value);
            }
        }
    }

    fn plate(&mut self, field: &Field, into: &mut String) -> Result<(), Unusable> {
        let what = match field.value(self.row, self.scratch) {
            None => "is blank or on the mapping's `null` list",
            Some("") => "has none, as the mapping says",
            Some(value) if !value.chars().any(char::is_alphanumeric) => "has no letter and no digit",
            Some(value) => {
                into.clear();
                into.push_str(value);
                return Ok(());
            }
        };
        let detail = format!("{}: {what}", field.describe(self.columns));
        Err(Unusable {
            reason: Reason::UnidentifiedVehicle,
            detail,
        })
    }

    fn instant(&mut self, time: &TimeField) -> Result<Option<Instant>, Unusable> {
        let Some(text) = time.field.value(self.row, self.scratch) else {
            return Ok(None);
        };
        match time.reader.read(text) {
            Ok(instant) => Ok(Some(instant)),
            Err(mismatch) => Err(self.schema(&time.field, &mismatch.to_string())),
        }
    }

    fn not_after(&self, micros: i64, now: i64, field: &Field) -> Result<(), Unusable> {
        if micros <= now {
            return Ok(());
        }
        let detail = format!(
            "{}: lies after the import's own clock",
            field.describe(self.columns)
        );
        Err(Unusable {
            reason: Reason::ClockSkew,
            detail,
        })
    }

    fn word<T>(&mut self, word: Option<&Word<T>>) -> Result<Option<T>, Unusable> {
        let Some(word) = word else { return Ok(None) };
        let Some(text) = word.field.value(self.row, self.scratch) else {
            return Ok(None);
        };
        match (word.parse)(text) {
            Some(value) => Ok(Some(value)),
            None => Err(self.schema(&word.field, "is not a value that this field can have")),
        }
    }

    fn place(&mut self, mapping: &Mapping, fact: &mut MappedFact) -> Result<(), Unusable> {
        let fields = &mapping.fields;
        self.optional(fields.zone.as_ref(), &mut fact.zone);
        self.optional(fields.name.as_ref(), &mut fact.name);
        (fact.lon, fact.lat, fact.crs) = (None, None, None);
        let point = (self.word(fields.lon.as_ref())?, self.word(fields.lat.as_ref())?);
        if let (Some(lon), Some(lat)) = point {
            (fact.lon, fact.lat) = (Some(lon.0), Some(lat.0));
            fact.crs = self.word(fields.crs.as_ref())?;
        } else if fact.zone.is_none() {
            let field = fields
                .zone
                .as_ref()
                .or_else(|| fields.lon.as_ref().map(|word| &word.field));
            let field = field.expect("a mapping without zone and coordinates is refused when it is parsed");
            return Err(self.schema(
                field,
                "is absent, and nothing else says where; give it a `default`",
            ));
        }
        Ok(())
    }
}
