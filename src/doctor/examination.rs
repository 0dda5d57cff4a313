//! Check after check: facts are gathered, and judged.

use std::io;

use super::mending::mended;
use super::probes::headset::Devices;
use super::probes::machine::{self as pc, Clocks};
use super::probes::outside::Outside;
use super::probes::{headset, keeping as kept, network as net, registrar};
use super::round::{News, Progress, Round};
use super::verdicts::sound::{NoTrial, Worn};
use super::verdicts::{chirp, keeping, machine, microphone, network, registrar as account, sound};
use super::{Case, Check, Finding, Verdict};
use crate::desk::{self, clock};
use crate::settings::Account;
use crate::words::{Entropy, Sentence};

/// Whether what can be mended without a question is mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fix {
    Yes,
    No,
}

/// Carries out these checks in their order, and tells each; the gravest verdict. The error is a system that gives us
/// neither a thread nor a socket.
pub fn examine(
    case: &Case,
    checks: &[Check],
    fix: Fix,
    mut tell: impl FnMut(News<'_>),
) -> io::Result<Verdict> {
    let mut round = Round::begin()?;
    let mut gravest = Verdict::Skipped;
    for check in checks {
        tell(News::Begins(*check));
        let mut progress = Progress::of(*check, &mut tell);
        let mut findings = check.findings(case, &mut round, &mut progress);
        if fix == Fix::Yes {
            findings = findings.into_iter().map(mended).collect();
        }
        let worst = findings.iter().map(|finding| finding.verdict).max();
        gravest = gravest.max(worst.unwrap_or(Verdict::Skipped));
        tell(News::Ends(*check, &findings));
    }
    Ok(gravest)
}

impl Check {
    /// Never empty: what is not looked at says why.
    fn findings(self, case: &Case, round: &mut Round, progress: &mut Progress<'_>) -> Vec<Finding> {
        match self {
            Self::Settings => vec![settings(case)],
            Self::OtherAgent => vec![other_agent(case)],
            Self::Agent => vec![agent(case)],
            Self::Folders => folders(case),
            Self::Secrets => secrets(case),
            Self::Disk => disk(case),
            Self::DiskSpeed => vec![disk_speed(case, progress)],
            Self::Store => vec![store(case)],
            Self::Server => vec![keeping::server(kept::server(&case.settings))],
            Self::Prompts => keeping::prompts(&kept::phrases(&case.settings, progress)),
            Self::PromptLevel => {
                keeping::prompt_level(kept::levels(&case.settings, progress).as_deref())
            }
            Self::OpenFiles => vec![open_files(case)],
            Self::Pacing => vec![pacing(progress)],
            Self::TimeZone => vec![time_zone(case)],
            Self::SipPorts => sip_ports(case),
            Self::RtpPorts => vec![rtp_ports(case, progress)],
            Self::ApiPort => vec![api_port(case)],
            Self::Names => names(case, round, progress),
            Self::Address => address(case, round),
            Self::Certificate => vec![certificate(case)],
            Self::Tls => tls(case, round),
            Self::Registration => registration(case, round, progress),
            Self::Clock => machine::clock(Clocks::read().leapt_since(round.began), &round.dates),
            Self::Nat => vec![nat(case, round)],
            Self::Devices => vec![devices(case)],
            Self::Microphone => vec![try_microphone(case, progress)],
            Self::Playback => vec![try_ear(case)],
            Self::Buttons => vec![buttons(case)],
        }
    }
}

fn settings(case: &Case) -> Finding {
    let (faults, warnings) = kept::settings(case);
    keeping::settings(faults, warnings)
}

fn other_agent(case: &Case) -> Finding {
    let looked = kept::store(&kept::store_file(case));
    let is_locked = looked == keeping::Looked::Locked;
    keeping::other_agent(case.api(), case.agent_runs(), is_locked)
}

fn agent(case: &Case) -> Finding {
    let running = case.running.as_ref();
    keeping::agent(running.map(|running| running.health.alarms.as_slice()))
}

fn folders(case: &Case) -> Vec<Finding> {
    let folders = kept::folders(case).into_iter();
    let judged = folders.map(|path| keeping::folder(&path, &kept::folder(&path)));
    judged.collect()
}

fn secrets(case: &Case) -> Vec<Finding> {
    let files = kept::secrets(case);
    if files.is_empty() {
        return vec![Finding::skipped(Sentence::of("doctor.secrets.none"))];
    }
    let judged = files
        .iter()
        .map(|path| keeping::secret(path, &kept::secret(path)));
    judged.collect()
}

/// A folder that is yet to be made lies on the disk of the one above it.
fn disk(case: &Case) -> Vec<Finding> {
    let folders = kept::folders(case).into_iter();
    let judged = folders.map(|path| {
        let there = path.ancestors().find(|above| above.is_dir());
        let free = there.and_then(crate::files::free_bytes);
        machine::disk(&path.display().to_string(), free)
    });
    judged.collect()
}

fn disk_speed(case: &Case, progress: &mut Progress<'_>) -> Finding {
    let of = |key: &str| Sentence::of(key).with("folder", case.state.display());
    if !case.state.is_dir() {
        return Finding::skipped(of("doctor.disk-speed.no-folder"));
    }
    match pc::commits(&case.state, progress) {
        Ok(commits) => machine::disk_speed(&commits),
        Err(why) => {
            let why = Sentence::of_io(&why);
            Finding::fault(of("doctor.disk-speed.refused").with("why", why))
        }
    }
}

fn store(case: &Case) -> Finding {
    let path = kept::store_file(case);
    keeping::store(&path, &kept::store(&path))
}

fn open_files(case: &Case) -> Finding {
    machine::open_files(crate::files::open_files_max(), case.settings.sip.calls_max)
}

fn pacing(progress: &mut Progress<'_>) -> Finding {
    match pc::ticks(progress) {
        Ok(late) => machine::pacing(&late),
        Err(why) => refused(&why),
    }
}

/// The system gives us less than every program needs.
fn refused(why: &io::Error) -> Finding {
    Finding::fault(Sentence::of("doctor.system").with("why", Sentence::of_io(why)))
}

fn time_zone(case: &Case) -> Finding {
    let set = case.settings.timezone.time_zone();
    let name = case.settings.timezone.to_string();
    let pc = pc::zone_of_the_pc();
    let pc = pc.as_ref().map(|(name, ahead)| (name.as_str(), *ahead));
    machine::time_zone((&name, pc::ahead(&set)), pc)
}

fn sip_ports(case: &Case) -> Vec<Finding> {
    let doors = net::sip_doors(&case.settings).into_iter();
    doors.map(|door| judged_door(&door, case)).collect()
}

fn api_port(case: &Case) -> Finding {
    judged_door(&net::api_door(&case.settings), case)
}

fn judged_door(door: &network::Door, case: &Case) -> Finding {
    let bound = net::bind(door);
    // Of a port that the system chooses nobody knows which one the agent has.
    let agents = case.agent_runs() && door.at.port() != 0;
    network::door(door, &bound, agents)
}

fn rtp_ports(case: &Case, progress: &mut Progress<'_>) -> Finding {
    let settings = &case.settings;
    let range = settings.media.ports.to_string();
    let pairs = net::rtp_pairs(settings, progress);
    network::rtp_ports(&range, pairs, settings.sip.calls_max, case.agent_runs())
}

fn names(case: &Case, round: &mut Round, progress: &mut Progress<'_>) -> Vec<Finding> {
    let peers = net::peers(&case.settings);
    let found = round.ask(case, async |outside: &mut Outside| {
        net::find_names(outside, peers, progress).await
    });
    let found = match found {
        Ok(found) if found.is_empty() => return vec![network::no_names()],
        Ok(found) => found.into_iter(),
        Err(why) => return vec![why],
    };
    let judged = found.map(|(peer, places)| {
        let places = places
            .as_ref()
            .map(|places| *places)
            .map_err(String::as_str);
        network::name(&peer.key, &peer.wanted.host, places)
    });
    judged.collect()
}

fn address(case: &Case, round: &mut Round) -> Vec<Finding> {
    let not_ours = net::not_ours(&case.settings);
    if !not_ours.is_empty() {
        let judged = not_ours.into_iter();
        return judged.map(|(key, ip)| network::not_ours(key, ip)).collect();
    }
    let peers = net::peers(&case.settings);
    let ways = round.ask(case, async |outside: &mut Outside| {
        net::ways(outside, &case.settings, peers).await
    });
    match ways {
        Ok(ways) if ways.is_empty() => vec![network::no_way_to_look_at()],
        Ok(ways) => ways.iter().map(network::way).collect(),
        Err(why) => vec![why],
    }
}

fn certificate(case: &Case) -> Finding {
    let read = net::own_certificate(&case.settings);
    network::certificate(read.as_ref(), clock::utc())
}

fn tls(case: &Case, round: &mut Round) -> Vec<Finding> {
    let Some(files) = desk::tls_files(&case.settings) else {
        return vec![network::no_tls()];
    };
    let peers = net::peers(&case.settings);
    let shaken = round.ask(case, async |outside: &mut Outside| {
        let mut shaken = Vec::new();
        for peer in net::tls_peers(outside, peers).await {
            let handshake = net::shake_hands(&files, &peer).await;
            shaken.push((peer.peer, handshake));
        }
        shaken
    });
    let shaken = match shaken {
        Ok(shaken) if shaken.is_empty() => return vec![network::no_tls()],
        Ok(shaken) => shaken.into_iter(),
        Err(why) => return vec![why],
    };
    let verifies = net::verifies(&files);
    let judged = shaken
        .map(|(peer, handshake)| network::handshake((&peer, verifies), &handshake, clock::utc()));
    judged.collect()
}

fn registration(case: &Case, round: &mut Round, progress: &mut Progress<'_>) -> Vec<Finding> {
    let accounts = &case.settings.sip.account;
    if accounts.is_empty() {
        return vec![account::no_account()];
    }
    let mut findings = Vec::new();
    for (n, it) in accounts.iter().enumerate() {
        progress.at(n, accounts.len());
        let outcome = match case.known() {
            Some(known) => Ok(registrar::by_agent(it, known)),
            None => ask_registrar(it, case, round),
        };
        let judged = outcome.map(|outcome| account::registration(&it.name, &outcome));
        findings.push(judged.unwrap_or_else(|why| why));
    }
    findings
}

/// What its answer tells of the time and of us is kept for those checks.
fn ask_registrar(
    it: &Account,
    case: &Case,
    round: &mut Round,
) -> Result<account::Outcome, Finding> {
    let seed = clock::seed().map_err(|why| refused(&why.into()))?;
    let entropy = Entropy::from_seed(seed);
    let asked = round.ask(case, async |outside: &mut Outside| {
        registrar::ask(outside, it, entropy).await
    })?;
    round.dates.extend(asked.date);
    round.seen = round.seen.or(asked.seen);
    Ok(asked.outcome)
}

fn nat(case: &Case, round: &mut Round) -> Finding {
    let before = round.seen;
    let seen = round.ask(case, async |outside: &mut Outside| {
        net::seen(outside, &case.settings, before).await
    });
    seen.map_or_else(|why| why, |seen| network::nat(&seen))
}

fn devices(case: &Case) -> Finding {
    if !headset::has_seat(&case.settings) {
        return sound::devices(&Worn::NoSeat);
    }
    let worn = headset::by_agent(case);
    let there = || headset::devices(&case.settings).map(|devices| devices.worn);
    sound::devices(&worn.or_else(there).unwrap_or(Worn::NoServer))
}

/// The headset, where it is ours to try.
fn to_try(case: &Case) -> Result<(Devices, headset::Chosen), Finding> {
    if !headset::has_seat(&case.settings) {
        return Err(sound::left_out(NoTrial::NoHeadset));
    }
    if case.agent_runs() {
        return Err(sound::left_out(NoTrial::AgentHasIt));
    }
    let devices = headset::devices(&case.settings);
    let found = devices.and_then(|devices| {
        let chosen = devices.chosen.clone()?;
        Some((devices, chosen))
    });
    found.ok_or_else(|| sound::left_out(NoTrial::NoHeadset))
}

fn try_microphone(case: &Case, progress: &mut Progress<'_>) -> Finding {
    let (devices, chosen) = match to_try(case) {
        Ok(found) => found,
        Err(why) => return why,
    };
    progress.speak();
    let far = |done, all| progress.at(done, all);
    match headset::record(&devices.cards, &chosen.pair.microphone, far) {
        Err(why) => sound::not_opened(Sentence::of("io.other").with("why", why)),
        Ok(recorded) => {
            let measured = microphone::measure(&recorded.samples, recorded.took);
            let fitness = microphone::judge(&measured, chosen.is_muted);
            sound::microphone(&measured, fitness, case.asked)
        }
    }
}

fn try_ear(case: &Case) -> Finding {
    let (devices, chosen) = match to_try(case) {
        Ok(found) => found,
        Err(why) => return why,
    };
    let chirp = chirp::chirp();
    match headset::play_and_listen(&devices.cards, &chosen.pair, &chirp) {
        Err(why) => sound::not_opened(Sentence::of("io.other").with("why", why)),
        Ok(heard) => sound::playback(&chirp, &heard),
    }
}

fn buttons(case: &Case) -> Finding {
    match to_try(case) {
        Ok((_, chosen)) => sound::buttons(&headset::buttons(&case.settings, &chosen)),
        Err(why) => why,
    }
}
