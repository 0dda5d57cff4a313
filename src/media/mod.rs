//! L1, pure. RTP, codecs, phrases, mixing and hearing.
