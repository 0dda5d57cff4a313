//! L1, pure. Messages, transactions, dialogs, offer and answer.
