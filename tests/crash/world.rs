//! What a store must hold after a crash, said by an ordered map and by when each operation was acknowledged.

use std::collections::BTreeMap;
use std::sync::Arc;

use dkv::Value;

/// Entries of a store.
pub type Content = BTreeMap<String, Arc<Value>>;

/// A store and its backups.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct World {
    /// Nothing if the store does not exist.
    pub content: Option<Content>,
    pub backups: BTreeMap<String, Content>,
}

impl World {
    pub fn content(&mut self) -> &mut Content {
        self.content.get_or_insert_default()
    }
}

/// An operation that changed the world.
struct Event {
    /// Steps of the volume before it was issued.
    issued: usize,
    /// Steps of the volume when its effect was promised to stay.
    promised: Option<usize>,
    after: World,
}

/// Everything that happened, in order.
#[derive(Default)]
pub struct History {
    events: Vec<Event>,
}

impl History {
    /// The world as the last operation leaves it.
    pub fn now(&self) -> World {
        self.events.last().map(|event| event.after.clone()).unwrap_or_default()
    }

    /// An operation is about to be issued.
    pub fn issue(&mut self, position: usize, change: impl FnOnce(&mut World)) {
        let mut after = self.now();
        change(&mut after);
        self.events.push(Event { issued: position, promised: None, after });
    }

    /// All operations so far are promised to stay.
    pub fn promise(&mut self, position: usize) {
        for event in self.events.iter_mut().rev().take_while(|event| event.promised.is_none()) {
            event.promised = Some(position);
        }
    }

    /// The worlds that a crash may leave: that of the last promise, and of each operation behind it that was issued.
    pub fn allowed(&self, position: usize) -> Vec<World> {
        let kept = |event: &&Event| event.promised.is_some_and(|promised| promised <= position);
        let first = self.events.iter().take_while(kept).count();
        let last = self.events.iter().take_while(|event| event.issued <= position).count();
        let mut worlds = vec![if first == 0 { World::default() } else { self.events[first - 1].after.clone() }];
        worlds.extend(self.events[first..last.max(first)].iter().map(|event| event.after.clone()));
        worlds
    }
}
