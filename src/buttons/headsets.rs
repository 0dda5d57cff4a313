//! For tests: the report descriptors of `tests/buttons/descriptors/`, whose README says where each is from.

use super::Layout;

/// Every descriptor: name and hexadecimal text.
pub(super) const ALL: [(&str, &str); 8] = [
    (
        "anker-powerconf",
        include_str!("../../tests/buttons/descriptors/anker-powerconf.hex"),
    ),
    (
        "built-array",
        include_str!("../../tests/buttons/descriptors/built-array.hex"),
    ),
    (
        "built-toggle",
        include_str!("../../tests/buttons/descriptors/built-toggle.hex"),
    ),
    (
        "cmedia-hs-100b",
        include_str!("../../tests/buttons/descriptors/cmedia-hs-100b.hex"),
    ),
    (
        "dell-sp325",
        include_str!("../../tests/buttons/descriptors/dell-sp325.hex"),
    ),
    (
        "jabra-link-380c",
        include_str!("../../tests/buttons/descriptors/jabra-link-380c.hex"),
    ),
    (
        "logitech-mx-brio",
        include_str!("../../tests/buttons/descriptors/logitech-mx-brio.hex"),
    ),
    (
        "poly-blackwire-3220",
        include_str!("../../tests/buttons/descriptors/poly-blackwire-3220.hex"),
    ),
];

/// The bytes of a descriptor by name.
pub(super) fn descriptor(name: &str) -> Vec<u8> {
    let (_, text) = ALL.iter().find(|(known, _)| *known == name).unwrap();
    let lines = text.lines().filter_map(|line| line.split('#').next());
    let bytes = lines.flat_map(str::split_whitespace);
    bytes
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect()
}

pub(super) fn layout(name: &str) -> Layout {
    Layout::read(&descriptor(name)).unwrap()
}
