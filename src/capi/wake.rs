//! The descriptor that wakes the host of a completion queue.
//!
//! A connected pair of sockets: any event loop can watch one, and the library learns when the host's end closes. The
//! host owns its end and closes it once. A host whose event loop takes no socket that it did not make itself listens, and
//! the library connects to it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use crate::limits::WAKE_CONNECT_MS_MAX;

/// The library's end.
#[derive(Debug)]
pub struct Wake {
    end: platform::End,
    is_connection: bool,
}

impl Wake {
    /// A new pair: the library's end, and the descriptor of the host's.
    pub fn pair() -> io::Result<(Self, isize)> {
        let (end, host) = platform::pair()?;
        // Windows has no other pair than a connection.
        Ok((Self { end, is_connection: cfg!(windows) }, host))
    }

    /// The library's end of a connection to a port of this machine, on which the host listens, and the port that it
    /// comes from: by that the host knows it from connections of others.
    pub fn connect(port: u16) -> io::Result<(Self, u16)> {
        let host = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let ours = TcpStream::connect_timeout(&host, Duration::from_millis(WAKE_CONNECT_MS_MAX))?;
        let own_port = ours.local_addr()?.port();
        if own_port == port {
            // Where nobody listens, TCP may connect a socket to itself.
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        ours.set_nodelay(true)?;
        ours.set_nonblocking(true)?;
        Ok((Self { end: platform::adopt(ours)?, is_connection: true }, own_port))
    }

    /// Makes the host's end readable.
    ///
    /// # Errors
    ///
    /// Any error means that the host's end is closed. A full buffer is none: the host is awake already.
    pub fn signal(&self) -> io::Result<()> {
        // TCP takes a byte for a host that closed its end, and tells of it only with the next one, which may never be.
        if self.is_connection && self.is_hung_up() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        match platform::send_byte(&self.end) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            other => other,
        }
    }

    /// True if the host's end is closed.
    pub fn is_hung_up(&self) -> bool {
        platform::is_hung_up(&self.end)
    }
}

#[cfg(unix)]
mod platform {
    use std::io;
    use std::net::TcpStream;
    use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};
    use std::os::unix::net::UnixStream;

    pub type End = OwnedFd;

    pub fn pair() -> io::Result<(End, isize)> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        theirs.set_nonblocking(true)?;
        let ours = End::from(ours);
        prevent_signal(&ours)?;
        Ok((ours, theirs.into_raw_fd() as isize))
    }

    pub fn adopt(ours: TcpStream) -> io::Result<End> {
        let ours = End::from(ours);
        prevent_signal(&ours)?;
        Ok(ours)
    }

    /// MSG_NOSIGNAL: a host that closed its end must not be killed by SIGPIPE.
    #[cfg(not(target_vendor = "apple"))]
    const NO_SIGNAL: libc::c_int = libc::MSG_NOSIGNAL;
    /// Apple's systems have no such flag, but an option of the socket.
    #[cfg(target_vendor = "apple")]
    const NO_SIGNAL: libc::c_int = 0;

    #[cfg(not(target_vendor = "apple"))]
    fn prevent_signal(_end: &End) -> io::Result<()> {
        Ok(())
    }

    #[cfg(target_vendor = "apple")]
    fn prevent_signal(end: &End) -> io::Result<()> {
        let on: libc::c_int = 1;
        let size = size_of::<libc::c_int>() as libc::socklen_t;
        let (level, name) = (libc::SOL_SOCKET, libc::SO_NOSIGPIPE);
        // SAFETY: the descriptor is open as long as `end` lives, and the option is an int of the size that is given.
        let set = unsafe { libc::setsockopt(end.as_raw_fd(), level, name, (&raw const on).cast(), size) };
        if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    pub fn send_byte(end: &End) -> io::Result<()> {
        let byte = [1u8];
        // SAFETY: the descriptor is open as long as `end` lives, and the buffer has the length that is given.
        let sent = unsafe { libc::send(end.as_raw_fd(), byte.as_ptr().cast(), byte.len(), NO_SIGNAL) };
        if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    pub fn is_hung_up(end: &End) -> bool {
        let mut byte = [0u8];
        let flags = libc::MSG_PEEK | libc::MSG_DONTWAIT;
        // SAFETY: the descriptor is open as long as `end` lives, and the buffer has the length that is given.
        let read = unsafe { libc::recv(end.as_raw_fd(), byte.as_mut_ptr().cast(), byte.len(), flags) };
        // The host writes nothing, so an end of the stream or a reset is all that can be read.
        read == 0 || (read < 0 && io::Error::last_os_error().kind() != io::ErrorKind::WouldBlock)
    }
}

#[cfg(windows)]
mod platform {
    use std::io::{self, Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::os::windows::io::IntoRawSocket;

    pub type End = TcpStream;

    pub fn pair() -> io::Result<(End, isize)> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let theirs = TcpStream::connect(listener.local_addr()?)?;
        let (ours, peer) = listener.accept()?;
        if peer != theirs.local_addr()? {
            return Err(io::Error::new(io::ErrorKind::ConnectionRefused, "another program took the connection"));
        }
        ours.set_nonblocking(true)?;
        ours.set_nodelay(true)?;
        theirs.set_nonblocking(true)?;
        Ok((ours, theirs.into_raw_socket() as isize))
    }

    pub fn adopt(ours: TcpStream) -> io::Result<End> {
        Ok(ours)
    }

    pub fn send_byte(mut end: &End) -> io::Result<()> {
        end.write(&[1]).map(drop)
    }

    pub fn is_hung_up(mut end: &End) -> bool {
        // The host writes nothing, so an end of the stream or a reset is all that can be read.
        match end.read(&mut [0]) {
            Ok(read) => read == 0,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_closed_end_is_noticed_without_a_signal() {
        use std::os::fd::{FromRawFd, OwnedFd};
        let (wake, host) = Wake::pair().unwrap();
        wake.signal().unwrap();
        assert!(!wake.is_hung_up());
        // SAFETY: the descriptor was just made and is owned by nobody else.
        drop(unsafe { OwnedFd::from_raw_fd(host as i32) });
        assert!(wake.is_hung_up());
        assert!(wake.signal().is_err());
    }

    #[test]
    fn a_host_that_listens_is_connected_to_and_its_end_is_noticed() {
        use std::io::Read;
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (wake, own_port) = Wake::connect(listener.local_addr().unwrap().port()).unwrap();
        wake.signal().unwrap();
        let (mut host, from) = listener.accept().unwrap();
        assert_eq!(from.port(), own_port);
        let mut byte = [0];
        host.read_exact(&mut byte).unwrap();
        assert!(!wake.is_hung_up());
        drop(host);
        let deadline = std::time::Instant::now() + Duration::from_secs(60);
        while !wake.is_hung_up() {
            assert!(std::time::Instant::now() < deadline, "the closed end was not noticed");
            std::hint::spin_loop();
        }
        assert!(wake.signal().is_err());
    }

    #[test]
    fn a_port_on_which_nobody_listens_is_refused() {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        assert!(Wake::connect(port).is_err());
    }

    #[test]
    fn a_host_that_does_not_read_blocks_nobody() {
        use std::io::Write;
        let (wake, _host) = Wake::pair().unwrap();
        let end = wake.end.try_clone().unwrap();
        #[cfg(unix)]
        let end = std::os::unix::net::UnixStream::from(end);
        let mut end = end;
        let full = loop {
            if let Err(error) = end.write(&[1; 65_536]) {
                break error;
            }
        };
        assert_eq!(full.kind(), io::ErrorKind::WouldBlock);
        for _ in 0..1_000 {
            wake.signal().unwrap();
        }
    }
}
