//! A web server that counts primes: `GET /primes/threads/1000000`, or `/primes/processes/1000000`.
//!
//! Its runtime has one thread, which never waits for a fold. If a client goes away, axum drops the future of its handler,
//! and with it the fold: no further chunk starts.

use std::ops::Range;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use threefold::prelude::*;
use tokio::net::TcpListener;

#[task]
fn count_primes(chunk: Range<u64>) -> usize {
    chunk.filter(|&n| n > 1 && (2..).take_while(|d| d * d <= n).all(|d| n % d != 0)).count()
}

/// The executors of the server, which all requests share.
#[derive(Clone)]
struct Executors(Executor, Executor);

async fn primes(
    State(Executors(threads, processes)): State<Executors>,
    Path((model, end)): Path<(String, u64)>,
) -> Result<String, (StatusCode, String)> {
    let on = match model.as_str() {
        "threads" => threads,
        "processes" => processes,
        _ => return Err((StatusCode::NOT_FOUND, format!("no model {model}\n"))),
    };
    let count = on.fold_async((0..end).chunks_of(10_000), count_primes, 0, |sum, part| sum + part).await;
    count.map(|count| format!("{count}\n")).map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    threefold::init(); // a worker process stops here and runs chunks
    serve()
}

#[tokio::main(flavor = "current_thread")]
async fn serve() -> Result<(), Box<dyn std::error::Error>> {
    let executors = Executors(Executor::new(Model::Threads)?, Executor::new(Model::Processes)?);
    let router = Router::new()
        .route("/primes/{model}/{end}", get(primes))
        .route("/hello", get(async || "hello\n"))
        .with_state(executors);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}
