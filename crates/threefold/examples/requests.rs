//! 2,000 requests, at most 50 of them open at once. The server refuses every seventh page at first: `requests [MODEL]`.
use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use threefold::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Asks the server for a page, and gives the number that it answers.
#[task]
async fn fetch(page: u64, server: &SocketAddr) -> Result<u64, String> {
    let answer = async {
        let mut connection = TcpStream::connect(server).await?;
        connection.write_u64(page).await?;
        connection.read_u64().await
    };
    answer.await.map_err(|error| format!("page {page}: {error}"))
}

/// The server of this example, on the loopback interface. It hangs up where it has too much to do.
#[derive(Default)]
struct Server {
    pages: Mutex<HashSet<u64>>,
    requests: AtomicUsize,
    open: AtomicUsize,
    most: AtomicUsize,
}

async fn answer(server: Arc<Server>, mut client: TcpStream) -> std::io::Result<()> {
    let page = client.read_u64().await?;
    server.requests.fetch_add(1, Relaxed);
    server.most.fetch_max(server.open.fetch_add(1, Relaxed) + 1, Relaxed);
    tokio::time::sleep(Duration::from_millis(1)).await; // a real server takes longer
    server.open.fetch_sub(1, Relaxed);
    let is_new = server.pages.lock().expect("nobody panics with it").insert(page);
    if page % 7 == 0 && is_new { Ok(()) } else { client.write_u64(page).await }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    threefold::init();
    let model = std::env::args().nth(1).unwrap_or("async".to_string()).parse()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let (address, server) = (listener.local_addr()?, Arc::<Server>::default());
    let serving = Arc::clone(&server);
    runtime.spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(answer(Arc::clone(&serving), client));
        }
    });
    let on = Executor::builder(model).retries(3).retry_errors(true).backoff(|n| Duration::from_millis(n.into()));
    let on = if model == Model::Async { on.in_flight(50) } else { on }.build()?;
    let sum = on.try_fold(Items((0..2_000).collect()), fetch.with(address), 0, |sum, page| sum + page)?;
    println!("{sum} from {:?} requests, {:?} of them at once", server.requests, server.most);
    Ok(())
}
