//! The numbering plans: what of each country's numbers costs what, and how it is dialled.
//!
//! Sources: the numbering plans of the MIIT (cn), NANPA (us) and Ofcom (uk). Coarse on purpose: what is
//! not here is `Other` and is not dialled unless the settings allow it.

use super::Class;
use crate::words::Country;

/// One country's numbers.
#[derive(Debug)]
pub(super) struct Plan {
    /// ITU-T E.164 country code.
    pub(super) code: &'static str,
    /// Dialled before a foreign number.
    pub(super) abroad: &'static str,
    /// Dialled before a number of another area.
    pub(super) trunk: &'static str,
    /// The first that fits counts.
    pub(super) ranges: &'static [Range],
}

/// Numbers of one class and one form.
#[derive(Debug)]
pub(super) struct Range {
    pub(super) class: Class,
    pub(super) form: Form,
    /// Patterns of the significant number (without trunk prefix), separated by spaces.
    pub(super) numbers: &'static str,
}

/// How a significant number is dialled within the country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Behind the trunk prefix.
    Trunk,
    /// With the trunk prefix or without; without is the rule.
    Either,
    /// As it is, and behind `+` and the country code.
    Bare,
    /// As it is, and only within the country.
    Short,
    /// Without its area code: it needs ours.
    Subscriber,
}

const fn range(class: Class, form: Form, numbers: &'static str) -> Range {
    Range {
        class,
        form,
        numbers,
    }
}

pub(super) fn of(country: Country) -> &'static Plan {
    match country {
        Country::Cn => &CN,
        Country::Us => &US,
        Country::Uk => &UK,
    }
}

static CN: Plan = Plan {
    code: "86",
    abroad: "00",
    trunk: "0",
    ranges: &[
        range(
            Class::Service,
            Form::Short,
            "1XX 12XXX 100XX 95XXX 95XXXX 95XXXXXX 96XXX 96XXXX",
        ),
        range(
            Class::Premium,
            Form::Short,
            "16[08]XXXX 16[08]XXXXX 12590XXX!",
        ),
        // Satellite telephones are billed like foreign ones.
        range(
            Class::International,
            Form::Either,
            "1349XXXXXXX 174XXXXXXXX",
        ),
        range(Class::Mobile, Form::Either, "1[3-9]XXXXXXXXX"),
        range(Class::Service, Form::Bare, "400XXXXXXX 800XXXXXXX"),
        range(
            Class::Premium,
            Form::Trunk,
            "1016[08]XXXXX 2X16[08]XXXXX [3-9]XX16[08]XXXX [3-9]XX16[08]XXXXX",
        ),
        range(
            Class::National,
            Form::Trunk,
            "10[2-8]XXXXXXX 2X[2-8]XXXXXXX [3-9]XX[2-8]XXXXXX [3-9]XX[2-8]XXXXXXX",
        ),
        range(Class::Local, Form::Subscriber, "[2-8]XXXXXX [2-8]XXXXXXX"),
    ],
};

static US: Plan = Plan {
    code: "1",
    abroad: "011",
    trunk: "1",
    ranges: &[
        range(Class::Service, Form::Short, "N11 988"),
        range(Class::Premium, Form::Either, "900NXXXXXX NXX976XXXX"),
        range(
            Class::Service,
            Form::Either,
            "800NXXXXXX 822NXXXXXX 833NXXXXXX 844NXXXXXX 855NXXXXXX 866NXXXXXX 877NXXXXXX 888NXXXXXX",
        ),
        // Neighbours in the plan that are abroad on the bill: the Caribbean, the classic of toll fraud.
        range(
            Class::International,
            Form::Either,
            "242NXXXXXX 246NXXXXXX 264NXXXXXX 268NXXXXXX 284NXXXXXX 345NXXXXXX 441NXXXXXX 473NXXXXXX \
             649NXXXXXX 658NXXXXXX 664NXXXXXX 721NXXXXXX 758NXXXXXX 767NXXXXXX 784NXXXXXX 809NXXXXXX \
             829NXXXXXX 849NXXXXXX 868NXXXXXX 869NXXXXXX 876NXXXXXX",
        ),
        range(Class::National, Form::Either, "NXXNXXXXXX"),
        range(Class::Premium, Form::Subscriber, "976XXXX"),
        range(Class::Local, Form::Subscriber, "NXXXXXX"),
    ],
};

static UK: Plan = Plan {
    code: "44",
    abroad: "00",
    trunk: "0",
    ranges: &[
        range(Class::Premium, Form::Short, "118XXX"),
        range(Class::Service, Form::Short, "1XX 116XXX"),
        range(
            Class::Premium,
            Form::Trunk,
            "9XXXXXXXXX 8[47]XXXXXXXX 70XXXXXXXX 76XXXXXXXX",
        ),
        range(
            Class::Service,
            Form::Trunk,
            "80XXXXXXXX 80XXXXXXX 8001111 500XXXXXX",
        ),
        range(Class::Mobile, Form::Trunk, "7[1-57-9]XXXXXXXX"),
        range(
            Class::National,
            Form::Trunk,
            "[12]XXXXXXXXX 1XXXXXXXX 3XXXXXXXXX",
        ),
        range(
            Class::Local,
            Form::Subscriber,
            "[2-9]XXXXX [2-9]XXXXXX [2-9]XXXXXXX",
        ),
    ],
};
