use std::env;

use crate::files;
use crate::provision::Pc;

/// Who signed in, as the system tells programs.
const USERS: [&str; 3] = ["USER", "LOGNAME", "USERNAME"];

/// This PC and its user, but for what the settings call them.
pub fn this_pc(host: Option<&str>, user: Option<&str>) -> Pc {
    let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let host = host.map(str::to_owned).or_else(files::host_name);
    let user = user.map(str::to_owned);
    let user = user.or_else(|| USERS.into_iter().find_map(set));
    Pc {
        host: host.unwrap_or_default(),
        user: user.unwrap_or_default(),
    }
}
