//! Sends requests to the page like a browser.

use std::sync::OnceLock;

use actix_web::App;
use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::http::header::HeaderName;
use actix_web::test::{self, TestRequest};
use actix_web::web::Bytes;

/// A response of the page.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// Sends a request to the page over plain HTTP.
pub fn ask(method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(false, method, path, headers)
}

pub fn get(path: &str) -> Answer {
    ask(Method::GET, path, &[])
}

pub fn send(https: bool, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    actix_web::rt::System::new().block_on(async {
        let app = test::init_service(App::new().configure(contacts_web::routes(https))).await;
        let mut request = TestRequest::with_uri(path).method(method);
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            request = request.insert_header((name, *value));
        }
        read(test::call_service(&app, request.to_request()).await)
    })
}

fn read(response: ServiceResponse<impl MessageBody>) -> Answer {
    let text = |(name, value): (&HeaderName, &actix_web::http::header::HeaderValue)| {
        (name.to_string(), value.to_str().unwrap().to_owned())
    };
    let (status, headers) =
        (response.status().as_u16(), response.headers().iter().map(text).collect());
    let body = response.into_body().try_into_bytes().unwrap_or_else(|_| panic!("a stream"));
    Answer { status, headers, body }
}

/// The path of an asset at its current version, which the document contains.
pub fn asset(name: &str) -> String {
    static VERSION: OnceLock<String> = OnceLock::new();
    let version = VERSION.get_or_init(|| {
        let shell = get("/");
        let (_, rest) = shell.text().split_once("/assets/").unwrap();
        rest.split('/').next().unwrap().to_owned()
    });
    format!("/assets/{version}/{name}")
}
