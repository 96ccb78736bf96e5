//! A table of handles, while handles are used, closed twice and made again.

use std::sync::Arc;

use shuttle::thread;

use super::Table;
use crate::error::ErrorKind;
use crate::models::explore_part;

#[test]
fn a_handle_is_closed_once_and_never_stands_for_another_thing() {
    explore_part(|| {
        let table: Arc<Table<&str>> = Arc::new(Table::new(3, "thing"));
        let first = table.insert(Arc::new("first")).unwrap();
        let closers = (0..2).map(|_| {
            let table = Arc::clone(&table);
            thread::spawn(move || {
                match table.get(first) {
                    Ok(thing) => assert_eq!(*thing, "first", "a handle stands for another thing"),
                    Err(error) => assert_eq!(error.kind(), ErrorKind::Closed),
                }
                let closed = table.remove(first);
                let made = table.insert(Arc::new("later")).unwrap();
                assert_ne!(made, first);
                assert_eq!(*table.get(made).unwrap(), "later");
                (closed.map_err(|error| error.kind()), made)
            })
        });
        let closers: Vec<_> = closers.collect();
        let ended: Vec<_> = closers.into_iter().map(|closer| closer.join().unwrap()).collect();
        assert_eq!(ended.iter().filter(|(closed, _)| closed.is_ok()).count(), 1, "one closes it, the other is told");
        assert_ne!(ended[0].1, ended[1].1, "two things with one handle");
        assert_eq!(table.get(first).unwrap_err().kind(), ErrorKind::Closed);
    });
}
