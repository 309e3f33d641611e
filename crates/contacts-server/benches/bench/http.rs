//! A minimal HTTP client that sends requests over one connection.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::Result;

/// A client with one connection that stays open.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    head: String,
    body: Vec<u8>,
}

impl Client {
    /// Opens the connection.
    pub(crate) fn open(address: &str, token: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let head = format!("Host: {address}\r\nAuthorization: Bearer {token}\r\n\r\n");
        Ok(Self { stream: BufReader::new(stream), head, body: Vec::new() })
    }

    /// Requests a path and returns the body of the response, which must be a success.
    pub(crate) fn get(&mut self, path: &str) -> Result<&[u8]> {
        let request = format!("GET {path} HTTP/1.1\r\n{}", self.head);
        self.stream.get_mut().write_all(request.as_bytes())?;
        self.answer(path)
    }

    /// Sends JSON with another method than `GET` and returns the body of the response, which must
    /// be a success.
    pub(crate) fn send(&mut self, method: &str, path: &str, json: &str) -> Result<&[u8]> {
        let length = json.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n{}{json}",
            self.head
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        self.answer(path)
    }

    fn answer(&mut self, path: &str) -> Result<&[u8]> {
        let mut status = String::new();
        self.stream.read_line(&mut status)?;
        let mut length = None;
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(format!("{path}: the server closed the connection").into());
            }
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = Some(value.trim().parse()?);
            }
        }
        self.body.resize(length.ok_or_else(|| format!("{path}: an answer without a length"))?, 0);
        self.stream.read_exact(&mut self.body)?;
        if !status.starts_with("HTTP/1.1 2") {
            let body = String::from_utf8_lossy(&self.body);
            return Err(format!("{path}: {}: {body}", status.trim_end()).into());
        }
        Ok(&self.body)
    }
}

/// The times of a download.
pub(crate) struct Downloaded {
    /// Time until the first byte of the file.
    pub(crate) first_byte: Duration,
    /// Time until the last byte is written.
    pub(crate) whole: Duration,
}

/// Downloads a path into a file. The response must have the status 200 and be chunked and complete.
pub(crate) fn download(address: &str, token: &str, path: &str, file: &Path) -> Result<Downloaded> {
    let mut out = File::create(file)?;
    let began = Instant::now();
    let mut client = Client::open(address, token)?;
    let request = format!("GET {path} HTTP/1.1\r\n{}", client.head);
    client.stream.get_mut().write_all(request.as_bytes())?;
    let mut line = String::new();
    client.stream.read_line(&mut line)?;
    if !line.starts_with("HTTP/1.1 200 ") {
        return Err(format!("{path}: {}", line.trim_end()).into());
    }
    while !line.trim_end().is_empty() {
        line.clear();
        client.stream.read_line(&mut line)?;
    }
    let mut first_byte = None;
    loop {
        line.clear();
        client.stream.read_line(&mut line)?;
        first_byte.get_or_insert_with(|| began.elapsed());
        let length = u64::from_str_radix(line.trim_end(), 16)
            .map_err(|_text| format!("{path}: the connection broke off"))?;
        let copied = io::copy(&mut client.stream.by_ref().take(length), &mut out)?;
        line.clear();
        client.stream.read_line(&mut line)?;
        if copied < length {
            return Err(format!("{path}: the connection broke off").into());
        }
        if length == 0 {
            break;
        }
    }
    Ok(Downloaded { first_byte: first_byte.unwrap_or_default(), whole: began.elapsed() })
}
