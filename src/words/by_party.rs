use super::Party;

/// A value for each party that has one. Unlike a map's, its room is that of the values in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByParty<T>([Option<Box<T>>; Party::ALL.len()]);

impl<T> ByParty<T> {
    pub fn get(&self, party: Party) -> Option<&T> {
        self.0.get(party as usize)?.as_deref()
    }

    pub fn get_mut(&mut self, party: Party) -> Option<&mut T> {
        self.0.get_mut(party as usize)?.as_deref_mut()
    }

    /// Returns what the party had before.
    pub fn insert(&mut self, party: Party, value: T) -> Option<T> {
        let place = self.0.get_mut(party as usize)?;
        place.replace(Box::new(value)).map(|old| *old)
    }

    pub fn remove(&mut self, party: Party) -> Option<T> {
        let place = self.0.get_mut(party as usize)?;
        place.take().map(|old| *old)
    }

    /// In the order of [`Party::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Party, &T)> {
        let values = self.0.iter().map(Option::as_deref);
        Party::ALL
            .into_iter()
            .zip(values)
            .filter_map(|(party, value)| Some((party, value?)))
    }

    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.iter().map(|(_, value)| value)
    }
}

impl<T> Default for ByParty<T> {
    fn default() -> Self {
        Self([const { None }; Party::ALL.len()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_party_has_a_place_of_its_own() {
        let mut names = ByParty::default();
        for party in Party::ALL {
            assert_eq!(names.get(party), None);
            assert_eq!(names.insert(party, party.as_str()), None);
        }
        for party in Party::ALL {
            assert_eq!(names.get(party), Some(&party.as_str()));
        }
        assert_eq!(
            names.iter().map(|(party, _)| party).collect::<Vec<_>>(),
            Party::ALL
        );
    }

    #[test]
    fn what_is_put_in_is_changed_and_taken_out() {
        let mut numbers = ByParty::default();
        numbers.insert(Party::Rep, 1);
        *numbers.get_mut(Party::Rep).unwrap() += 1;
        assert_eq!(numbers.insert(Party::Rep, 3), Some(2));
        assert_eq!(numbers.values().collect::<Vec<_>>(), [&3]);
        assert_eq!(numbers.remove(Party::Rep), Some(3));
        assert_eq!(numbers, ByParty::default());
    }
}
