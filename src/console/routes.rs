use axum::http::Method;

/// One page of the API: the router, the gate and the tests read this table and nothing else.
#[derive(Clone, Debug)]
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub permission: Permission,
    pub page: Page,
}

/// Who may ask. What is not listed is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Everybody who reaches the socket: says nothing about calls.
    Anyone,
    /// The holder of the token.
    Token,
    /// The holder of the token, or everybody where `metrics_open` is set.
    Metrics,
}

/// What a route leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    Health,
    Metrics,
    Events,
    Calls,
    Dial,
    Call,
    Timeline,
    SipMessages,
    /// A command to a call, by its word.
    Command(&'static str),
    Callbacks,
    ExportCallbacks,
    NewCallback,
    Callback,
    /// What is asked of a callback, by its word.
    Wish(&'static str),
    NewDeletion,
    Seats,
    Seat,
    /// What the rep says of himself.
    SeatChoice,
    ExtendWrapUp,
    EndWrapUp,
    Registrations,
    Drain,
    DrainOrder,
}

const fn route(method: Method, path: &'static str, permission: Permission, page: Page) -> Route {
    Route {
        method,
        path,
        permission,
        page,
    }
}

const fn get(path: &'static str, page: Page) -> Route {
    route(Method::GET, path, Permission::Token, page)
}

const fn post(path: &'static str, page: Page) -> Route {
    route(Method::POST, path, Permission::Token, page)
}

const fn put(path: &'static str, page: Page) -> Route {
    route(Method::PUT, path, Permission::Token, page)
}

const fn command(path: &'static str, word: &'static str) -> Route {
    post(path, Page::Command(word))
}

const fn wish(path: &'static str, word: &'static str) -> Route {
    post(path, Page::Wish(word))
}

/// Every route there is.
pub static ROUTES: [Route; 46] = [
    route(Method::GET, "/healthz", Permission::Anyone, Page::Health),
    route(Method::GET, "/metrics", Permission::Metrics, Page::Metrics),
    get("/api/v1/events", Page::Events),
    get("/api/v1/calls", Page::Calls),
    post("/api/v1/calls", Page::Dial),
    get("/api/v1/calls/{id}", Page::Call),
    get("/api/v1/calls/{id}/timeline.jsonl", Page::Timeline),
    get("/api/v1/calls/{id}/sip.jsonl", Page::SipMessages),
    command("/api/v1/calls/{id}/answer", "answer"),
    command("/api/v1/calls/{id}/hold", "hold"),
    command("/api/v1/calls/{id}/return", "return"),
    command("/api/v1/calls/{id}/transfer", "transfer"),
    command("/api/v1/calls/{id}/join", "join"),
    command("/api/v1/calls/{id}/abandon", "abandon"),
    command("/api/v1/calls/{id}/move", "move"),
    command("/api/v1/calls/{id}/consent", "consent"),
    command("/api/v1/calls/{id}/hangup", "hangup"),
    command("/api/v1/calls/{id}/mute", "mute"),
    command("/api/v1/calls/{id}/recording", "recording"),
    command("/api/v1/calls/{id}/say", "say"),
    command("/api/v1/calls/{id}/dtmf", "dtmf"),
    command("/api/v1/calls/{id}/note", "note"),
    command("/api/v1/calls/{id}/language", "language"),
    command("/api/v1/calls/{id}/cannot-hear", "cannot-hear"),
    command("/api/v1/calls/{id}/machine", "machine"),
    command("/api/v1/calls/{id}/still-looking", "still-looking"),
    command("/api/v1/calls/{id}/promise", "promise"),
    command("/api/v1/calls/{id}/closing-said", "closing-said"),
    get("/api/v1/callbacks", Page::Callbacks),
    post("/api/v1/callbacks", Page::NewCallback),
    get("/api/v1/callbacks/export", Page::ExportCallbacks),
    get("/api/v1/callbacks/{id}", Page::Callback),
    wish("/api/v1/callbacks/{id}/cancel", "cancel"),
    wish("/api/v1/callbacks/{id}/done", "done"),
    wish("/api/v1/callbacks/{id}/snooze", "snooze"),
    wish("/api/v1/callbacks/{id}/assign", "assign"),
    wish("/api/v1/callbacks/{id}/redial", "redial"),
    // The number is in the body: addresses stand in logs.
    post("/api/v1/deletions", Page::NewDeletion),
    get("/api/v1/registrations", Page::Registrations),
    get("/api/v1/drain", Page::Drain),
    put("/api/v1/drain", Page::DrainOrder),
    get("/api/v1/seats", Page::Seats),
    get("/api/v1/seats/{id}", Page::Seat),
    put("/api/v1/seats/{id}", Page::SeatChoice),
    post("/api/v1/seats/{id}/extend-wrap-up", Page::ExtendWrapUp),
    post("/api/v1/seats/{id}/end-wrap-up", Page::EndWrapUp),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_health_and_metrics_can_do_without_a_token() {
        let open: Vec<&str> = ROUTES
            .iter()
            .filter(|route| route.permission != Permission::Token)
            .map(|route| route.path)
            .collect();
        assert_eq!(open, ["/healthz", "/metrics"]);
    }

    #[test]
    fn a_command_stands_at_the_path_of_its_word() {
        for route in &ROUTES {
            if let Page::Command(word) = route.page {
                assert_eq!(route.path, format!("/api/v1/calls/{{id}}/{word}"));
            }
            if let Page::Wish(word) = route.page {
                assert_eq!(route.path, format!("/api/v1/callbacks/{{id}}/{word}"));
            }
        }
    }
}
