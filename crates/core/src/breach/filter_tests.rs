use super::*;
use crate::password::Password;

/// Keys as a hash would make them, the same on every run.
fn keys(from: u64, many: u64) -> Vec<u64> {
    (from..from + many).map(|n| mix(n.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect()
}

fn of(text: &str) -> PasswordDigest {
    PasswordDigest::of(&Password::parse(text.into()).unwrap())
}

fn fault(bytes: Vec<u8>) -> Option<FilterFault> {
    BreachFilter::read(bytes).err()
}

#[test]
fn what_was_put_in_is_found_again_after_writing_and_reading() {
    for many in [1, 2, 3, 5, 100, 4_097] {
        let mut all: Vec<u64> = keys(0, many);
        all.push(super::super::key_of_line(b"5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:7").unwrap().unwrap());
        let twice = [all.clone(), all.clone()].concat();
        let built = BreachFilter::build(twice).unwrap();
        let read = BreachFilter::read(built.bytes().to_vec()).unwrap();
        assert_eq!((read.count(), read.bytes()), (many + 1, built.bytes()));
        assert!(all.iter().all(|key| read.has(*key)));
        assert!(read.contains(&of("password")));
        assert!(!read.contains(&of("tidal lantern mosaic")), "{many}");
    }
}

#[test]
fn keys_are_found_in_the_part_that_is_theirs() {
    let all = keys(0, 5_000);
    let filter = BreachFilter::build_by(all.clone(), 1_000).unwrap();
    assert_eq!(filter.parts.len(), 8);
    let read = BreachFilter::read(filter.bytes).unwrap();
    assert!(all.iter().all(|key| read.has(*key)));
    assert!(keys(5_000, 5_000).iter().filter(|key| read.has(**key)).count() < 20);
}

#[test]
fn a_list_of_one_beginning_leaves_parts_empty() {
    let all: Vec<u64> = keys(0, 1_001).into_iter().map(|key| key >> 1).collect();
    let filter = BreachFilter::build_by(all.clone(), 1_000).unwrap();
    assert_eq!(filter.parts.len(), 2);
    let read = BreachFilter::read(filter.bytes).unwrap();
    assert!(all.iter().all(|key| read.has(*key)));
    assert!(!read.has(u64::MAX) && !read.has(1 << 63));
}

#[test]
fn nothing_makes_no_filter() {
    assert_eq!(BreachFilter::build(Vec::new()).err(), Some(Unbuilt::Empty));
}

#[test]
fn a_cut_file_is_told_wherever_it_was_cut() {
    let whole = BreachFilter::build(keys(0, 20)).unwrap().bytes;
    for length in 0..whole.len() {
        assert_eq!(fault(whole[..length].to_vec()), Some(FilterFault::Cut), "at {length} of {}", whole.len());
    }
    assert_eq!(fault([whole, vec![0]].concat()), Some(FilterFault::Altered));
}

#[test]
fn no_bit_can_be_altered() {
    let whole = BreachFilter::build(keys(0, 20)).unwrap().bytes;
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut altered = whole.clone();
            altered[at] ^= 1 << bit;
            let told = fault(altered).unwrap_or_else(|| panic!("bit {bit} of byte {at} went by"));
            match at {
                0..8 => assert_eq!(told, FilterFault::NotAFilter),
                8..12 => assert!(matches!(told, FilterFault::OtherForm(_)), "{told:?}"),
                _ => assert!(matches!(told, FilterFault::Altered | FilterFault::Cut), "{told:?}"),
            }
        }
    }
}

#[test]
fn other_forms_and_other_files_are_told_apart() {
    let mut other = BreachFilter::build(keys(0, 20)).unwrap().bytes;
    other[8] = 2;
    assert_eq!(fault(other), Some(FilterFault::OtherForm(2)));
    assert_eq!(fault(b"5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:1\n".to_vec()), Some(FilterFault::NotAFilter));
    let huge = [&MAGIC[..], &[1, 0, 0, 0, 1, 0, 0, 0], &[0xff; 40]].concat();
    assert_eq!(fault(huge), Some(FilterFault::Cut), "lengths beyond all memory are no reason to take it");
}

#[test]
fn a_million_hashes_need_less_than_two_bytes_each_and_few_others_are_taken_for_them() {
    const MANY: u64 = 1_000_000;
    let filter = BreachFilter::build(keys(0, MANY)).unwrap();
    let each = filter.bytes().len() as f64 / MANY as f64;
    assert!(each < 1.75, "{each} bytes a hash");
    let wrong = keys(MANY, MANY).into_iter().filter(|key| filter.has(*key)).count();
    let rate = wrong as f64 / MANY as f64;
    assert!(rate < 0.000_3, "{wrong} of {MANY}");
}
