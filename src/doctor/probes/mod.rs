//! Where facts come from: the system, the network, the devices. What they mean is `verdicts` to say.

pub(super) mod headset;
pub(super) mod keeping;
pub(super) mod machine;
pub(super) mod network;
pub(super) mod outside;
pub(super) mod registrar;
