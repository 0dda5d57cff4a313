//! What a headset says of its reports, made fit for the crate that reads it.
//!
//! `hidreport` takes a descriptor at its word: it makes one field for each of 4,000,000,000 announced ones, panics at a
//! usage before its page, refuses a whole descriptor for one field without a usage, and forgets the usages of
//! fields marked constant, which is how Jabra marks its hook switch (Link 380). So the items are copied
//! by what they are to us: what has a usage of our pages is data, all else is padding of the same size.

use super::LayoutError;
use super::usage;

/// Linux takes no longer one: HID_MAX_DESCRIPTOR_SIZE. Past it the device is refused.
pub(crate) const DESCRIPTOR_MAX: usize = 4_096;
/// All reports together: what 256 of 64 bytes, the longest of full-speed USB, hold eight times over.
const BITS_MAX: usize = 1 << 20;
/// Buttons and lamps: the richest headset seen has 31. Past it the device is refused.
const NAMED_MAX: usize = 256;
/// Usages of one item; a range past it is padding, further ones end the reading.
const USAGES_MAX: usize = 256;
/// Nested collections, and pushed globals: real ones have three, and one.
const DEPTH_MAX: usize = 16;

/// Item tags with their type, the size bits off: HID 1.11, 6.2.2.
mod tag {
    pub(super) const INPUT: u8 = 0x80;
    pub(super) const OUTPUT: u8 = 0x90;
    pub(super) const COLLECTION: u8 = 0xA0;
    pub(super) const FEATURE: u8 = 0xB0;
    pub(super) const END_COLLECTION: u8 = 0xC0;
    pub(super) const USAGE_PAGE: u8 = 0x04;
    pub(super) const LOGICAL_MINIMUM: u8 = 0x14;
    pub(super) const LOGICAL_MAXIMUM: u8 = 0x24;
    pub(super) const REPORT_SIZE: u8 = 0x74;
    pub(super) const REPORT_ID: u8 = 0x84;
    pub(super) const REPORT_COUNT: u8 = 0x94;
    pub(super) const PUSH: u8 = 0xA4;
    pub(super) const POP: u8 = 0xB4;
    pub(super) const USAGE: u8 = 0x08;
    pub(super) const USAGE_MINIMUM: u8 = 0x18;
    pub(super) const USAGE_MAXIMUM: u8 = 0x28;
    /// The next byte is the length, the one after it a tag nobody has defined.
    pub(super) const LONG: u8 = 0xFE;
}

/// Bit 0 of a main item's flags: HID 1.11, 6.2.2.5.
const CONSTANT: u8 = 1;

/// Copies a descriptor: what comes out is short, and `hidreport` can read it without harm.
pub(super) fn sieve(descriptor: &[u8]) -> Result<Vec<u8>, LayoutError> {
    if descriptor.len() > DESCRIPTOR_MAX {
        return Err(LayoutError::TooLong {
            bytes: descriptor.len(),
        });
    }
    let mut sieve = Sieve::default();
    // A usage before its page is of page 0, not a panic.
    sieve.out.extend([tag::USAGE_PAGE | 1, 0]);
    let mut rest = descriptor;
    while let Some((item, after)) = next(rest) {
        let at = descriptor.len().saturating_sub(rest.len());
        sieve.take(item).map_err(|fault| fault.at(at))?;
        rest = after;
    }
    // Linux bears zeros at the end, and so do we; an item cut short says nothing.
    Ok(sieve.out)
}

#[derive(Clone, Copy, Debug)]
struct Item<'a> {
    tag: u8,
    data: &'a [u8],
}

impl Item<'_> {
    /// Unsigned, little-endian; no data is 0.
    fn value(&self) -> u32 {
        let bytes = self.data.iter().rev();
        bytes.fold(0, |value, byte| value << 8 | u32::from(*byte))
    }

    fn size(&self) -> usize {
        usize::try_from(self.value()).unwrap_or(usize::MAX)
    }
}

/// The first item of the rest, and what comes after it; long ones are stepped over.
fn next(mut rest: &[u8]) -> Option<(Item<'_>, &[u8])> {
    loop {
        let (first, after) = rest.split_first()?;
        if *first == tag::LONG {
            let length = usize::from(*after.first()?);
            rest = after.get(length.saturating_add(2)..)?;
            continue;
        }
        let length = match first & 3 {
            3 => 4,
            short => usize::from(short),
        };
        let (data, after) = after.split_at_checked(length)?;
        let tag = first & !3;
        return Some((Item { tag, data }, after));
    }
}

/// What is the matter with an item; where it is, is added above.
#[derive(Debug)]
enum Fault {
    Malformed,
    TooMuch,
}

impl Fault {
    fn at(self, at: usize) -> LayoutError {
        match self {
            Self::Malformed => LayoutError::Malformed { at },
            Self::TooMuch => LayoutError::TooMuch { at },
        }
    }
}

/// What stands until it is said anew.
#[derive(Clone, Copy, Debug, Default)]
struct Globals {
    page: u16,
    /// Bits of one field.
    size: usize,
    count: usize,
}

/// What stands until the next main item.
#[derive(Debug, Default)]
struct Locals {
    /// With its page where it brings one.
    usages: Vec<(Option<u16>, Vec<u8>)>,
    minimum: Option<u32>,
    maximum: Option<u32>,
}

#[derive(Debug, Default)]
struct Sieve {
    out: Vec<u8>,
    globals: Globals,
    pushed: Vec<Globals>,
    locals: Locals,
    /// Collections open.
    depth: usize,
    bits: usize,
    named: usize,
}

impl Sieve {
    fn take(&mut self, item: Item<'_>) -> Result<(), Fault> {
        match item.tag {
            tag::INPUT | tag::OUTPUT => self.fields(item)?,
            tag::FEATURE => self.locals = Locals::default(),
            tag::COLLECTION => self.open(item)?,
            tag::END_COLLECTION => self.close(item)?,
            tag::USAGE => self.usage(item)?,
            tag::USAGE_MINIMUM => self.locals.minimum = Some(item.value()),
            tag::USAGE_MAXIMUM => self.locals.maximum = Some(item.value()),
            tag::PUSH => self.push(item)?,
            tag::POP => self.pop(item)?,
            tag::REPORT_ID if !(1..=255).contains(&item.value()) => return Err(Fault::Malformed),
            tag::LOGICAL_MINIMUM | tag::LOGICAL_MAXIMUM | tag::REPORT_ID => self.copy(item),
            tag::USAGE_PAGE => {
                // The upper half of a long one is nothing the tables know.
                self.globals.page = u16::try_from(item.value()).unwrap_or(0);
                self.copy(item);
            }
            tag::REPORT_SIZE => {
                self.globals.size = item.size();
                self.copy(item);
            }
            tag::REPORT_COUNT => {
                self.globals.count = item.size();
                self.copy(item);
            }
            // Units, physical sizes, strings, designators, what is reserved: nothing to a button.
            _ => {}
        }
        Ok(())
    }

    fn fields(&mut self, item: Item<'_>) -> Result<(), Fault> {
        let Globals { size, count, .. } = self.globals;
        self.bits = self
            .bits
            .saturating_add(size.max(1).saturating_mul(count.max(1)));
        let locals = std::mem::take(&mut self.locals);
        let named = locals.named(self.globals.page);
        if named {
            self.named = self.named.saturating_add(count);
        }
        if self.bits > BITS_MAX || self.named > NAMED_MAX {
            return Err(Fault::TooMuch);
        }
        let flags = item.data.first().copied().unwrap_or(0);
        let flags = if named {
            self.out.extend(locals.bytes());
            flags & !CONSTANT
        } else {
            flags | CONSTANT
        };
        self.out.extend([item.tag | 1, flags]);
        Ok(())
    }

    fn open(&mut self, item: Item<'_>) -> Result<(), Fault> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > DEPTH_MAX {
            return Err(Fault::TooMuch);
        }
        let locals = std::mem::take(&mut self.locals);
        self.out.extend(locals.bytes());
        let kind = item.data.first().copied().unwrap_or(0);
        self.out.extend([item.tag | 1, kind]);
        Ok(())
    }

    fn close(&mut self, item: Item<'_>) -> Result<(), Fault> {
        self.depth = self.depth.checked_sub(1).ok_or(Fault::Malformed)?;
        self.locals = Locals::default();
        self.out.push(item.tag);
        Ok(())
    }

    fn usage(&mut self, item: Item<'_>) -> Result<(), Fault> {
        if self.locals.usages.len() >= USAGES_MAX {
            return Err(Fault::TooMuch);
        }
        let with_page = item.data.len() == 4;
        let page = with_page.then(|| u16::try_from(item.value() >> 16).unwrap_or(0));
        let mut bytes = vec![item.tag | size_bits(item.data)];
        bytes.extend(item.data);
        self.locals.usages.push((page, bytes));
        Ok(())
    }

    fn push(&mut self, item: Item<'_>) -> Result<(), Fault> {
        if self.pushed.len() >= DEPTH_MAX {
            return Err(Fault::TooMuch);
        }
        self.pushed.push(self.globals);
        self.out.push(item.tag);
        Ok(())
    }

    fn pop(&mut self, item: Item<'_>) -> Result<(), Fault> {
        self.globals = self.pushed.pop().ok_or(Fault::Malformed)?;
        self.out.push(item.tag);
        Ok(())
    }

    fn copy(&mut self, item: Item<'_>) {
        self.out.push(item.tag | size_bits(item.data));
        self.out.extend(item.data);
    }
}

impl Locals {
    /// True where one of the usages can be a button or a lamp; `page` is that of those which bring none.
    fn named(&self, page: u16) -> bool {
        let single = self
            .usages
            .iter()
            .any(|(own, _)| usage::is_page_of_ours(own.unwrap_or(page)));
        single || self.range().is_some() && usage::is_page_of_ours(page)
    }

    /// From and to, where both are said and few usages lie between.
    fn range(&self) -> Option<(u16, u16)> {
        let minimum = u16::try_from(self.minimum?).ok()?;
        let maximum = u16::try_from(self.maximum?).ok()?;
        let width = usize::from(maximum.checked_sub(minimum)?);
        (width < USAGES_MAX).then_some((minimum, maximum))
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (_, usage) in &self.usages {
            bytes.extend(usage);
        }
        if let Some((minimum, maximum)) = self.range() {
            bytes.push(tag::USAGE_MINIMUM | 2);
            bytes.extend(minimum.to_le_bytes());
            bytes.push(tag::USAGE_MAXIMUM | 2);
            bytes.extend(maximum.to_le_bytes());
        }
        bytes
    }
}

/// How the size of an item's data is written: four bytes are 3.
fn size_bits(data: &[u8]) -> u8 {
    match data.len() {
        0 => 0,
        1 => 1,
        2 => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_hook_switch_is_data_and_padding_stays_padding() {
        // Usage page telephony, hook switch, one bit, constant; then seven bits without a usage.
        let out = sieve(&[
            0x05, 0x0B, 0x75, 0x01, 0x95, 0x01, 0x09, 0x20, 0x81, 0x23, 0x95, 0x07, 0x81, 0x02,
        ]);
        let expected = [
            0x05, 0x00, 0x05, 0x0B, 0x75, 0x01, 0x95, 0x01, 0x09, 0x20, 0x81, 0x22, 0x95, 0x07,
            0x81, 0x03,
        ];
        assert_eq!(out.unwrap(), expected);
    }

    #[test]
    fn vendors_fields_are_padding() {
        let out = sieve(&[0x06, 0x00, 0xFF, 0x09, 0x01, 0x95, 0x3E, 0x92, 0x02, 0x01]).unwrap();
        assert_eq!(out, [0x05, 0x00, 0x06, 0x00, 0xFF, 0x95, 0x3E, 0x91, 0x03]);
    }

    #[test]
    fn nobody_is_made_to_keep_four_thousand_million_fields() {
        let many = [
            0x05, 0x0B, 0x09, 0x20, 0x75, 0x01, 0x97, 0xFF, 0xFF, 0xFF, 0xFF, 0x81, 0x02,
        ];
        assert_eq!(sieve(&many), Err(LayoutError::TooMuch { at: 11 }));
        let wide = [
            0x05, 0x0B, 0x19, 0x00, 0x2B, 0xFF, 0xFF, 0xFF, 0xFF, 0x95, 0x01, 0x81, 0x02,
        ];
        assert_eq!(sieve(&wide).unwrap().last(), Some(&0x03));
    }

    #[test]
    fn what_closes_too_often_is_malformed() {
        assert_eq!(sieve(&[0xC0]), Err(LayoutError::Malformed { at: 0 }));
        assert_eq!(sieve(&[0xB4]), Err(LayoutError::Malformed { at: 0 }));
    }

    #[test]
    fn long_items_are_stepped_over_and_a_cut_one_ends_it() {
        let out = sieve(&[0xFE, 0x02, 0x10, 0xAA, 0xBB, 0x75, 0x01, 0x96, 0x01]).unwrap();
        assert_eq!(out, [0x05, 0x00, 0x75, 0x01]);
    }
}
