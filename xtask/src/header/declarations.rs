//! Reading the declarations of a C header, just enough to hold them to the rules: each has a name of the library's, a
//! comment before it, and each `#define` is a bare integer.

use crate::command::Outcome;

/// One declaration at the top level of the header.
struct Item {
    name: String,
    line: String,
    documented: bool,
}

/// Fails with the names of the declarations that break a rule.
pub fn check(declarations: &str) -> Outcome<()> {
    let items = items(declarations);
    let names = |breaks_rule: fn(&Item) -> bool| {
        let names: Vec<&str> = items.iter().filter(|item| breaks_rule(item)).map(|item| item.name.as_str()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    if let Some(names) = names(|item| !item.name.starts_with("dkv_") && !item.name.starts_with("DKV_")) {
        return Err(format!(
            "the header would have names that are not of the C interface: {names}. Make them pub(super), or \
             move them to a file of src/capi that is no chapter of the header."
        ));
    }
    if let Some(names) = names(|item| !item.documented) {
        return Err(format!("the header has no documentation for {names}. Write doc comments in src/capi."));
    }
    if let Some(names) = names(|item| !item.is_readable()) {
        return Err(format!(
            "{names} would not be a bare integer, which readers of C declarations need. Write the number as a literal."
        ));
    }
    Ok(())
}

impl Item {
    /// Whether a reader of declarations that is no preprocessor can take it.
    fn is_readable(&self) -> bool {
        match self.line.strip_prefix("#define ") {
            Some(define) => define.split_once(' ').is_some_and(|(_, value)| value.parse::<i64>().is_ok()),
            None => true,
        }
    }
}

/// The functions that a header declares, in its order.
pub fn functions(header: &str) -> Vec<String> {
    items(header).into_iter().filter(|item| is_function(&item.line)).map(|item| item.name).collect()
}

fn is_function(line: &str) -> bool {
    line.contains('(') && ["typedef", "#", "static"].iter().all(|start| !line.starts_with(start))
}

fn items(header: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut in_comment = false;
    let mut in_item = None;
    let mut documented = false;
    for line in header.lines().map(str::trim_end) {
        if in_comment {
            in_comment = !line.ends_with("*/");
            continue;
        }
        if let Some(last_line) = in_item {
            if ends(line, last_line) {
                in_item = None;
            }
            continue;
        }
        if line.starts_with("/*") {
            in_comment = !line.ends_with("*/");
            documented = line.starts_with("/**");
            continue;
        }
        if let Some(name) = name(line) {
            items.push(Item { name, line: line.to_owned(), documented });
            let last_line = last_line(line);
            in_item = (!ends(line, last_line)).then_some(last_line);
        }
        documented = false;
    }
    items
}

/// How the last line of a declaration looks.
#[derive(Clone, Copy)]
enum LastLine {
    NoBackslash,
    Semicolon,
    Brace,
}

fn last_line(first: &str) -> LastLine {
    if first.starts_with('#') {
        LastLine::NoBackslash
    } else if first.ends_with('{') {
        LastLine::Brace
    } else {
        LastLine::Semicolon
    }
}

fn ends(line: &str, last_line: LastLine) -> bool {
    match last_line {
        LastLine::NoBackslash => !line.ends_with('\\'),
        LastLine::Semicolon => line.ends_with(';'),
        LastLine::Brace => line.starts_with('}'),
    }
}

/// The name that a line declares, or nothing when it declares none.
fn name(line: &str) -> Option<String> {
    if line.is_empty() || line.starts_with('}') || line.starts_with("extern") {
        return None;
    }
    let found = if let Some(define) = line.strip_prefix("#define ") {
        define.split([' ', '(']).next()
    } else if line.starts_with('#') {
        None
    } else if let Some((_, after)) = line.split_once("(*") {
        after.split(')').next()
    } else if let Some((before, _)) = line.split_once('(') {
        before.split([' ', '*']).next_back()
    } else if let Some(after) = line.strip_prefix("typedef struct ") {
        after.split([' ', ';']).next()
    } else {
        line.trim_end_matches(';').split([' ', '*']).next_back()
    };
    found.filter(|name| !name.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENTED: &str = "\
/**
 * Success.
 */
#define DKV_OK 0

/** A store. */
typedef struct dkv_store dkv_store;

/**
 * An error.
 */
typedef struct dkv_error {
    /**
     * Its code; more.
     */
    int32_t code;
} dkv_error;

/**
 * Takes the answer.
 */
typedef void (*dkv_void_callback)(void *user_data,
                                  const dkv_error *error);

/**
 * Puts.
 */
int32_t dkv_store_put(dkv_store *store,
                      void *user_data);

/**
 * The last error.
 */
const dkv_error *dkv_last_error(void);
";

    #[test]
    fn documented_declarations_pass() {
        assert_eq!(check(DOCUMENTED), Ok(()));
        assert_eq!(functions(DOCUMENTED), ["dkv_store_put", "dkv_last_error"]);
    }

    #[test]
    fn every_kind_of_declaration_needs_a_comment() {
        for (declaration, name) in [
            ("int32_t dkv_store_put(dkv_store *store);", "dkv_store_put"),
            ("const char *dkv_version(void);", "dkv_version"),
            ("typedef struct dkv_store dkv_store;", "dkv_store"),
            ("typedef struct dkv_text {\n    size_t length;\n} dkv_text;", "dkv_text"),
            ("typedef void (*dkv_void_callback)(void *user_data);", "dkv_void_callback"),
            ("#define DKV_OK 0", "DKV_OK"),
        ] {
            let message = check(declaration).expect_err("an undocumented declaration passed");
            assert!(message.contains(&format!("no documentation for {name}.")), "{message}");
        }
    }

    #[test]
    fn a_comment_documents_only_what_follows_it_at_once() {
        let message = check("/**\n * First.\n */\nint32_t dkv_a(void);\nint32_t dkv_b(void);\n");
        assert!(message.is_err_and(|message| message.contains(" dkv_b.")));
    }

    #[test]
    fn foreign_names_and_computed_constants_are_refused() {
        let foreign = check("/**\n * A limit.\n */\n#define KEY_BYTES_MAX 1024\n");
        assert!(foreign.is_err_and(|message| message.contains("KEY_BYTES_MAX")));
        let computed = check("/**\n * A limit.\n */\n#define DKV_MAX (4 * 1024)\n");
        assert!(computed.is_err_and(|message| message.contains("DKV_MAX would not be a bare integer")));
        assert_eq!(check("/**\n * Full.\n */\n#define DKV_ERR_QUEUE_FULL -1\n"), Ok(()));
    }
}
