use std::collections::BTreeMap;

use jiff::civil::Date;

use super::Class;

/// `[dial.daily_cap]`: the most calls a day by class; a class that is not here has no cap.
pub type Caps = BTreeMap<Class, u32>;

/// How often each class was dialled today: against toll fraud that the allow-list lets through.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    day: Option<Date>,
    dialled: BTreeMap<Class, u32>,
}

impl Tally {
    /// Counts one more call, unless the day's cap is reached; `today` is the hotline's date.
    ///
    /// Emergency calls have no cap. A clock that jumps back begins a day anew.
    #[must_use]
    pub fn admit(&mut self, class: Class, caps: &Caps, today: Date) -> bool {
        let admitted = self.has_room(class, caps, today);
        if self.day.replace(today) != Some(today) {
            self.dialled.clear();
        }
        let dialled = self.dialled.entry(class).or_default();
        *dialled = dialled.saturating_add(u32::from(admitted));
        admitted
    }

    /// Whether one more would be admitted.
    pub fn has_room(&self, class: Class, caps: &Caps, today: Date) -> bool {
        let dialled = if self.day == Some(today) {
            self.dialled(class)
        } else {
            0
        };
        let cap = caps.get(&class).filter(|_| class != Class::Emergency);
        cap.is_none_or(|cap| dialled < *cap)
    }

    pub fn dialled(&self, class: Class) -> u32 {
        self.dialled.get(&class).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_cap_holds_for_its_class_and_its_day() {
        let caps = Caps::from([(Class::International, 2), (Class::Emergency, 0)]);
        let (today, tomorrow) = (date(2026, 3, 1), date(2026, 3, 2));
        let mut tally = Tally::default();
        let mut admits = |class, day| tally.admit(class, &caps, day);
        assert!(admits(Class::International, today));
        assert!(admits(Class::International, today));
        assert!(!admits(Class::International, today));
        assert!(admits(Class::Mobile, today));
        assert!(admits(Class::Emergency, today));
        assert!(admits(Class::International, tomorrow));
        assert_eq!(tally.dialled(Class::International), 1);
    }
}
