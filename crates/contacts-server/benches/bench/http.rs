//! As much of HTTP as asking for pages over one connection takes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::Result;

/// One client, with one connection that stays open.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    head: String,
    body: Vec<u8>,
}

impl Client {
    /// Connects.
    pub(crate) fn open(address: &str, token: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let head = format!("Host: {address}\r\nAuthorization: Bearer {token}\r\n\r\n");
        Ok(Self { stream: BufReader::new(stream), head, body: Vec::new() })
    }

    /// Asks for a path, and gives the body of the answer, which must be 200.
    pub(crate) fn get(&mut self, path: &str) -> Result<&[u8]> {
        let request = format!("GET {path} HTTP/1.1\r\n{}", self.head);
        self.stream.get_mut().write_all(request.as_bytes())?;
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
        if !status.starts_with("HTTP/1.1 200 ") {
            let body = String::from_utf8_lossy(&self.body);
            return Err(format!("{path}: {}: {body}", status.trim_end()).into());
        }
        Ok(&self.body)
    }
}
