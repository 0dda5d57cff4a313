use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// How many connections there are, in all and from each address.
#[derive(Debug)]
pub struct Room {
    taken: Mutex<BTreeMap<IpAddr, usize>>,
    per_address: usize,
    in_all: usize,
}

/// A client's place: free again when the last holder (connection or WebSocket) drops it.
#[derive(Debug)]
pub struct Place {
    room: Arc<Room>,
    address: IpAddr,
}

impl Room {
    pub fn new(per_address: usize, in_all: usize) -> Arc<Self> {
        Arc::new(Self {
            taken: Mutex::default(),
            per_address,
            in_all,
        })
    }

    /// None where there is none left for this address, or for anybody.
    pub fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Arc<Place>> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let in_all: usize = taken.values().sum();
        let from_here = taken.get(&address).copied().unwrap_or(0);
        if in_all >= self.in_all || from_here >= self.per_address {
            return None;
        }
        taken.insert(address, from_here + 1);
        Some(Arc::new(Place {
            room: Arc::clone(self),
            address,
        }))
    }

    fn leave(&self, address: IpAddr) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&address) {
            Some(count) if *count > 1 => *count -= 1,
            Some(_) | None => {
                taken.remove(&address);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.leave(self.address);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn address(last: u8) -> IpAddr {
        Ipv4Addr::new(10, 0, 0, last).into()
    }

    #[test]
    fn one_address_cannot_take_all_places() {
        let room = Room::new(2, 3);
        let first = room.enter(address(1)).unwrap();
        let _second = room.enter(address(1)).unwrap();
        assert!(room.enter(address(1)).is_none());
        drop(first);
        assert!(room.enter(address(1)).is_some());
    }

    #[test]
    fn a_full_room_lets_nobody_in_until_somebody_leaves() {
        let room = Room::new(2, 3);
        let places: Vec<_> = (1..=3)
            .filter_map(|last| room.enter(address(last)))
            .collect();
        assert_eq!(places.len(), 3);
        assert!(room.enter(address(4)).is_none());
        drop(places);
        assert!(room.enter(address(4)).is_some());
        assert!(room.taken.lock().unwrap().is_empty());
    }
}
