//! From the body of a request to the bytes of each fact: media type, content encoding, and the limits on both sides of
//! unpacking.

use std::io::{self, Read};

use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use serde_json::value::RawValue;

use crate::guard;
use crate::problem::Problem;

/// The largest body once unpacked: four times the largest that is sent. A packed one of a thousandth of that size is an
/// attack or a mistake.
const LARGEST: usize = 32 << 20;
/// Facts in one request.
const MOST: usize = 10_000;

/// How facts stand in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One.
    Structured,
    /// A JSON list.
    Batch,
    /// One a line.
    Lines,
}

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    None,
    Gzip,
    Zstd,
}

/// The form that the media type names.
pub(super) fn form(headers: &HeaderMap) -> Result<Form, Problem> {
    let given = text(headers, &header::CONTENT_TYPE);
    let media = given.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    match media.as_str() {
        "application/cloudevents+json" => Ok(Form::Structured),
        "application/cloudevents-batch+json" => Ok(Form::Batch),
        "application/x-ndjson" => Ok(Form::Lines),
        _ => {
            let detail = "send application/cloudevents+json, application/cloudevents-batch+json or application/x-ndjson";
            Err(unsupported(detail).of("Content-Type"))
        }
    }
}

/// The packing that the content encoding names.
pub(super) fn packing(headers: &HeaderMap) -> Result<Packing, Problem> {
    match text(headers, &header::CONTENT_ENCODING)
        .trim()
        .to_ascii_lowercase()
        .as_str()
    {
        "" | "identity" => Ok(Packing::None),
        "gzip" | "x-gzip" => Ok(Packing::Gzip),
        "zstd" => Ok(Packing::Zstd),
        _ => Err(unsupported("the content encodings taken are gzip and zstd").of("Content-Encoding")),
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &header::HeaderName) -> &'h str {
    headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap_or("?"))
}

fn unsupported(detail: &'static str) -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "media_type",
        "Another media type is wanted",
        detail,
    )
}

/// The body as it was before it was packed; never more than [`LARGEST`] of it is held.
pub(super) fn unpack(packing: Packing, sent: Bytes) -> Result<Bytes, Problem> {
    let unpacked = match packing {
        Packing::None => return Ok(sent),
        Packing::Gzip => bounded(flate2::read::MultiGzDecoder::new(&sent[..])),
        Packing::Zstd => zstd::Decoder::new(&sent[..]).and_then(bounded),
    };
    let unpacked =
        unpacked.map_err(|_| Problem::bad_request("the body cannot be unpacked as its encoding says"))?;
    if unpacked.len() > LARGEST {
        return Err(guard::too_large(LARGEST));
    }
    Ok(unpacked.into())
}

fn bounded(packed: impl Read) -> io::Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    packed.take(LARGEST as u64 + 1).read_to_end(&mut unpacked)?;
    Ok(unpacked)
}

/// The bytes of each fact, in order; at least one.
pub(super) fn split(form: Form, body: &Bytes) -> Result<Vec<Bytes>, Problem> {
    let pieces: Vec<Bytes> = match form {
        Form::Structured => vec![body.clone()],
        Form::Batch => {
            let list: Vec<&RawValue> = serde_json::from_slice(body).map_err(|error| {
                if error.is_data() {
                    return Problem::bad_request("the body is no JSON list");
                }
                let place = format!("line {} column {}", error.line(), error.column());
                Problem::bad_request(format!("the body is not JSON, at {place}"))
            })?;
            list.iter()
                .map(|item| body.slice_ref(item.get().as_bytes()))
                .collect()
        }
        Form::Lines => body
            .split(|byte| *byte == b'\n')
            .map(<[u8]>::trim_ascii)
            .filter(|line| !line.is_empty())
            .map(|line| body.slice_ref(line))
            .collect(),
    };
    if pieces.is_empty() || pieces.iter().all(Bytes::is_empty) {
        return Err(Problem::bad_request("the body holds no fact"));
    }
    if pieces.len() > MOST {
        let detail = format!(
            "{} facts were sent; at most {MOST} are taken in one request",
            pieces.len()
        );
        return Err(guard::too_large_as(detail));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn what_was_packed_comes_back_and_a_bomb_does_not() {
        let body = Bytes::from_static(b"{\"a\":1}");
        let gzip = |bytes: &[u8]| {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            packer.write_all(bytes).unwrap();
            Bytes::from(packer.finish().unwrap())
        };
        let zstd = |bytes: &[u8]| Bytes::from(zstd::encode_all(bytes, 1).unwrap());
        assert_eq!(unpack(Packing::Gzip, gzip(&body)).unwrap(), body);
        assert_eq!(unpack(Packing::Zstd, zstd(&body)).unwrap(), body);
        let bomb = vec![b' '; LARGEST + 1];
        for (packing, packed) in [(Packing::Gzip, gzip(&bomb)), (Packing::Zstd, zstd(&bomb))] {
            assert!(packed.len() < 1 << 16);
            assert_eq!(
                unpack(packing, packed).unwrap_err().status(),
                StatusCode::PAYLOAD_TOO_LARGE
            );
        }
        for packing in [Packing::Gzip, Packing::Zstd] {
            assert_eq!(
                unpack(packing, body.clone()).unwrap_err().status(),
                StatusCode::BAD_REQUEST
            );
        }
        let cut = gzip(&[7; 4000]);
        assert!(unpack(Packing::Gzip, cut.slice(..cut.len() - 9)).is_err());
    }

    #[test]
    fn each_form_is_cut_into_its_facts() {
        let cut = |form, text: &'static str| {
            let pieces = split(form, &Bytes::from_static(text.as_bytes())).unwrap();
            pieces
                .iter()
                .map(|piece| String::from_utf8(piece.to_vec()).unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(cut(Form::Structured, " {} "), [" {} "]);
        assert_eq!(
            cut(Form::Batch, "[{\"a\":[1]}, 2 ,null]"),
            ["{\"a\":[1]}", "2", "null"]
        );
        assert_eq!(cut(Form::Lines, "{}\r\n\n 1\n2"), ["{}", "1", "2"]);
        for (form, text) in [
            (Form::Structured, ""),
            (Form::Batch, "[]"),
            (Form::Batch, "{}"),
            (Form::Batch, "[{}"),
            (Form::Batch, "\u{ff}"),
            (Form::Lines, "\n \n"),
        ] {
            assert!(
                split(form, &Bytes::from_static(text.as_bytes())).is_err(),
                "{text}"
            );
        }
        let many = Bytes::from("1\n".repeat(MOST + 1));
        assert_eq!(
            split(Form::Lines, &many).unwrap_err().status(),
            StatusCode::PAYLOAD_TOO_LARGE
        );
    }
}
