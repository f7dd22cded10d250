//! Numbers the lines of what is posted to it: `number [ADDR]` (127.0.0.1:8080).
//!
//! The address that it listens on is its only output, on a terminal and in a pipe.

use std::process::ExitCode;

use clap::Parser;

/// Numbers the lines of what is posted to it over HTTP.
#[derive(Parser)]
#[command(name = "number")]
struct Args {
    /// Where to listen
    #[arg(default_value = "127.0.0.1:8080")]
    addr: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Args { addr } = Args::parse();
    let served = async {
        let listener = tokio::net::TcpListener::bind(&addr).await?;
        println!("listening on http://{}", listener.local_addr()?);
        axum::serve(listener, aiofiles_streams::http::app()).await
    };
    match served.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("number: {addr}: {error}");
            ExitCode::FAILURE
        }
    }
}
