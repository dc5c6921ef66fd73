//! Every route, once: the router is built from this table, and so are what a token must be good for and the description
//! of the API.

mod table;

use axum::handler::Handler;
use axum::middleware;
use axum::routing::{MethodFilter, MethodRouter, on};
use axum::{Router, http::Method};

use crate::access::{self, Gate, Needs};
use crate::app::App;

pub(crate) use self::table::table;

/// The largest body of a request but for facts; the largest that is wanted is an objection's statement.
pub(crate) const LARGEST_BODY: usize = 16 * 1024;

/// One route.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) needs: Needs,
    /// Whether its handler shows a token of one authority only what is that authority's; otherwise such a token is refused.
    pub(crate) minds_authority: bool,
    pub(crate) largest: usize,
    /// The `operationId`.
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
    /// Names of the components' parameters.
    pub(crate) parameters: &'static [&'static str],
    /// Media types and schemas of the body.
    pub(crate) body: &'static [(&'static str, &'static str)],
    pub(crate) answers: Vec<Answer>,
    handler: MethodRouter<App>,
}

/// One answer but for problems.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) description: &'static str,
    /// Media type, and the schema where it is JSON; none: no body.
    pub(crate) content: Option<(&'static str, Option<&'static str>)>,
    pub(crate) has_tag: bool,
}

impl Route {
    fn new<H, T>(method: Method, path: &'static str, needs: Needs, name: &'static str, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).expect("GET and POST are methods of the router");
        Self {
            method,
            path,
            needs,
            minds_authority: needs == Needs::Nothing,
            largest: LARGEST_BODY,
            name,
            summary: "",
            parameters: &[],
            body: &[],
            answers: Vec::new(),
            handler: on(filter, handler),
        }
    }

    fn get<H: Handler<T, App>, T: 'static>(
        path: &'static str,
        needs: Needs,
        name: &'static str,
        handler: H,
    ) -> Self {
        Self::new(Method::GET, path, needs, name, handler)
    }

    fn post<H: Handler<T, App>, T: 'static>(
        path: &'static str,
        needs: Needs,
        name: &'static str,
        handler: H,
    ) -> Self {
        Self::new(Method::POST, path, needs, name, handler)
    }

    fn says(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    fn taking(mut self, parameters: &'static [&'static str]) -> Self {
        self.parameters = parameters;
        self
    }

    fn body(mut self, body: &'static [(&'static str, &'static str)]) -> Self {
        self.body = body;
        self
    }

    fn up_to(mut self, largest: usize) -> Self {
        self.largest = largest;
        self
    }

    fn minding_authority(mut self) -> Self {
        self.minds_authority = true;
        self
    }

    fn answer(
        mut self,
        status: u16,
        description: &'static str,
        media: &'static str,
        schema: Option<&'static str>,
    ) -> Self {
        self.answers.push(Answer {
            status,
            description,
            content: Some((media, schema)),
            has_tag: false,
        });
        self
    }

    fn json(self, schema: &'static str) -> Self {
        self.answer(200, "Done.", "application/json", Some(schema))
    }

    fn text(self, media: &'static str, description: &'static str) -> Self {
        self.answer(200, description, media, None)
    }

    fn empty(mut self, status: u16, description: &'static str) -> Self {
        self.answers.push(Answer {
            status,
            description,
            content: None,
            has_tag: false,
        });
        self
    }

    fn tagged(mut self) -> Self {
        if let Some(last) = self.answers.last_mut() {
            last.has_tag = true;
        }
        self
    }

    fn unchanged(mut self) -> Self {
        self.answers.push(Answer {
            status: 304,
            description: "Unchanged.",
            content: None,
            has_tag: true,
        });
        self
    }
}

/// The router of the table, each route behind its gate.
pub(crate) fn router(app: &App) -> Router<App> {
    table().into_iter().fold(Router::new(), |router, route| {
        let gate = Gate::new(app, &route);
        let guarded = route
            .handler
            .route_layer(middleware::from_fn_with_state(gate, access::admit));
        router.route(route.path, guarded)
    })
}
