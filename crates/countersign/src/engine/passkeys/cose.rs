//! A public key as COSE (RFC 9052) in CBOR: the form that verifiers of any make take. Only writes, and only what the
//! library enrols.

use webauthn_rs::prelude::{COSEAlgorithm, COSEEC2Key, COSEKey, COSEKeyType, COSERSAKey, ECDSACurve};

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const MAP: u8 = 5;

/// The key's bytes; `None` for a kind that is never enrolled.
pub(super) fn encode(key: &COSEKey) -> Option<Vec<u8>> {
    match (&key.key, &key.type_) {
        (COSEKeyType::EC_EC2(point), COSEAlgorithm::ES256) => Some(curve(point, -7)),
        (COSEKeyType::EC_EC2(point), COSEAlgorithm::ES384) => Some(curve(point, -35)),
        (COSEKeyType::RSA(modulus), COSEAlgorithm::RS256) => Some(rsa(modulus)),
        _ => None,
    }
}

fn curve(point: &COSEEC2Key, algorithm: i64) -> Vec<u8> {
    let curve = match point.curve {
        ECDSACurve::SECP256R1 => 1,
        ECDSACurve::SECP384R1 => 2,
        ECDSACurve::SECP521R1 => 3,
    };
    let mut out = Vec::new();
    head(&mut out, MAP, 5);
    pair(&mut out, 1, 2);
    pair(&mut out, 3, algorithm);
    pair(&mut out, -1, curve);
    bytes(&mut out, -2, &point.x);
    bytes(&mut out, -3, &point.y);
    out
}

fn rsa(key: &COSERSAKey) -> Vec<u8> {
    let mut out = Vec::new();
    head(&mut out, MAP, 4);
    pair(&mut out, 1, 3);
    pair(&mut out, 3, -257);
    bytes(&mut out, -1, &key.n);
    bytes(&mut out, -2, &key.e);
    out
}

fn pair(out: &mut Vec<u8>, label: i64, value: i64) {
    number(out, label);
    number(out, value);
}

fn bytes(out: &mut Vec<u8>, label: i64, value: &[u8]) {
    number(out, label);
    head(out, BYTES, value.len() as u64);
    out.extend_from_slice(value);
}

fn number(out: &mut Vec<u8>, value: i64) {
    if value < 0 { head(out, NEGATIVE, value.unsigned_abs() - 1) } else { head(out, UNSIGNED, value.unsigned_abs()) }
}

/// A major type with its argument, in the shortest form.
fn head(out: &mut Vec<u8>, kind: u8, argument: u64) {
    let kind = kind << 5;
    match argument {
        0..=23 => out.push(kind | argument.to_le_bytes()[0]),
        24..=0xff => out.extend([kind | 24, argument.to_le_bytes()[0]]),
        _ => {
            out.push(kind | 25);
            out.extend(u16::try_from(argument).unwrap_or(u16::MAX).to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_written_as_authenticators_write_it() {
        let point = COSEEC2Key { curve: ECDSACurve::SECP256R1, x: vec![1; 32], y: vec![2; 32] };
        let key = COSEKey { type_: COSEAlgorithm::ES256, key: COSEKeyType::EC_EC2(point) };
        let mut expected = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
        expected.extend([1; 32]);
        expected.extend([0x22, 0x58, 0x20]);
        expected.extend([2; 32]);
        assert_eq!(encode(&key), Some(expected));
    }

    #[test]
    fn a_modulus_is_written_as_authenticators_write_it() {
        let key = COSEKey { type_: COSEAlgorithm::RS256, key: COSEKeyType::RSA(COSERSAKey { n: vec![9; 256], e: [1, 0, 1] }) };
        let written = encode(&key).unwrap();
        assert_eq!(written[..10], [0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, 0x59, 0x01]);
        assert_eq!(written[written.len() - 5..], [0x21, 0x43, 1, 0, 1]);
    }

    #[test]
    fn a_kind_that_is_never_enrolled_has_no_form() {
        let point = COSEEC2Key { curve: ECDSACurve::SECP521R1, x: vec![1; 66], y: vec![2; 66] };
        assert_eq!(encode(&COSEKey { type_: COSEAlgorithm::ES521, key: COSEKeyType::EC_EC2(point) }), None);
    }
}
