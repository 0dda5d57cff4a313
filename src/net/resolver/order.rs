use crate::words::Entropy;

/// What of an SRV record says when its turn is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Weighed<T> {
    pub(super) priority: u16,
    pub(super) weight: u16,
    pub(super) it: T,
}

/// The order in which to try them (RFC 2782): lower priorities first, and within one by lot, the
/// heavier ones more often before the others.
pub(super) fn by_lot<T>(mut all: Vec<Weighed<T>>, entropy: &mut Entropy) -> Vec<T> {
    // Of one priority those without weight stand first, so that they are drawn at all.
    all.sort_by_key(|one| (one.priority, one.weight > 0));
    let mut ordered = Vec::with_capacity(all.len());
    while let Some(first) = all.first() {
        let priority = first.priority;
        let peers = all.iter().take_while(|one| one.priority == priority);
        let weights: Vec<u32> = peers.map(|one| u32::from(one.weight)).collect();
        let drawn = draw(&weights, entropy);
        ordered.push(all.remove(drawn).it);
    }
    ordered
}

/// The place of one of the weights, which are as many as fit a DNS answer: their sum fits, too.
fn draw(weights: &[u32], entropy: &mut Entropy) -> usize {
    let sum: u32 = weights.iter().sum();
    let lot = entropy.below(sum.saturating_add(1));
    let mut running = 0;
    let reached = weights.iter().position(|weight| {
        running += weight;
        running >= lot
    });
    reached.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weighed(priority: u16, weight: u16, it: char) -> Weighed<char> {
        Weighed {
            priority,
            weight,
            it,
        }
    }

    fn orders(all: &[Weighed<char>]) -> Vec<String> {
        let mut entropy = Entropy::from_number(3263);
        let order = |_| by_lot(all.to_vec(), &mut entropy).into_iter().collect();
        (0..1_000).map(order).collect()
    }

    #[test]
    fn a_lower_priority_always_comes_first() {
        let all = [
            weighed(20, 60_000, 'c'),
            weighed(10, 0, 'a'),
            weighed(15, 1, 'b'),
        ];
        assert!(orders(&all).iter().all(|order| order == "abc"));
    }

    #[test]
    fn weights_share_the_calls_and_even_none_gets_some() {
        let all = [weighed(1, 75, 'a'), weighed(1, 25, 'b'), weighed(1, 0, 'c')];
        let orders = orders(&all);
        let first = |letter| {
            let begins = orders.iter().filter(|order| order.starts_with(letter));
            begins.count()
        };
        assert!((700..800).contains(&first('a')), "{}", first('a'));
        assert!((200..300).contains(&first('b')), "{}", first('b'));
        assert!((1..50).contains(&first('c')), "{}", first('c'));
    }
}
