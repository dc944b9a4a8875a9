//! A module imports only from its own layer and those below, and no modules import each other in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use syn::UseTree;
use syn::visit::Visit;

/// Files and folders of `src`, from the ground up. `docs/architecture.md` says what each is for.
const LAYERS: [&str; 12] = [
    "error",
    "vector",
    "tuning",
    "memory",
    "element",
    "geometry",
    "reference",
    "plan",
    "kernels",
    "pool",
    "wasm",
    "lib",
];

/// A module as the names of its folders and file: `["plan", "nchw"]`.
type Module = Vec<String>;
/// Each module with its source.
type Sources = BTreeMap<Module, String>;
/// Each module with those that it imports.
type Imports = BTreeMap<Module, BTreeSet<Module>>;

#[test]
fn modules_import_downwards_and_without_circles() {
    let imports = imports(&sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))));
    assert_eq!(faults(&imports), Vec::<String>::new());
    for (from, to) in [
        ("plan::pyramid_plan", "plan::level_kernel"),
        ("kernels::nchw", "plan::level_kernel"),
        ("pool::forward", "kernels"),
    ] {
        let reached = reach(&imports, &module(from));
        assert!(reached.iter().any(|found| found.starts_with(&module(to))), "no import of {to} was found in {from}");
    }
}

#[test]
fn an_import_upwards_and_a_circle_are_found() {
    let sources = |list: &[(&str, &str)]| list.iter().map(|(name, text)| (module(name), text.to_string())).collect();
    let of = |list: &[(&str, &str)]| faults(&imports(&sources(list)));
    let ground = ("plan", "mod level; pub(crate) use level::Level;");
    assert_eq!(of(&[ground, ("plan::level", ""), ("kernels", "use crate::plan::{Level, level::Source};")]), [""; 0]);
    assert_eq!(
        of(&[ground, ("plan::level", "use crate::kernels::A;"), ("kernels", "")]),
        ["plan::level imports kernels, which is above it"]
    );
    let circle = of(&[
        ("kernels", "pub use a::A;"),
        ("kernels::a", "fn f() { super::b::g() }"),
        ("kernels::b", "use super::A;"),
    ]);
    assert_eq!(circle, ["kernels::a -> kernels::b -> kernels::a"]);
    assert_eq!(of(&[("pool", "use child::f;"), ("pool::child", "use super::x;")]), ["pool -> pool::child -> pool"]);
}

fn module(name: &str) -> Module {
    name.split("::").map(String::from).collect()
}

/// The modules under a folder.
fn sources(root: &Path) -> Sources {
    let mut sources = Sources::new();
    let mut folders = vec![(root.to_path_buf(), Module::new())];
    while let Some((folder, parent)) = folders.pop() {
        for file in folder.read_dir().unwrap().map(|entry| entry.unwrap().path()) {
            let mut name = parent.clone();
            if file.file_stem().unwrap() != "mod" {
                name.push(file.file_stem().unwrap().to_str().unwrap().to_string());
            }
            if file.is_dir() {
                folders.push((file, name));
            } else {
                sources.insert(name, std::fs::read_to_string(&file).unwrap());
            }
        }
    }
    sources
}

/// What each module imports: of a name that another hands on by `pub use`, the module that it comes from.
fn imports(sources: &Sources) -> Imports {
    let read: BTreeMap<Module, Paths> = sources.keys().map(|name| (name.clone(), Paths::of(name, sources))).collect();
    let of = |(name, paths): (&Module, &Paths)| {
        let reached = paths.used.iter().map(|path| resolve(path, &read));
        (name.clone(), reached.filter(|other| other != name).collect())
    };
    read.iter().map(of).collect()
}

/// The paths of a module into the crate.
struct Paths {
    name: Module,
    /// The modules within this one.
    children: Vec<String>,
    /// Those that it uses itself.
    used: Vec<Module>,
    /// Those that it hands on by `pub use`, by the name that others use.
    handed_on: BTreeMap<String, Module>,
}

impl Paths {
    fn of(name: &Module, sources: &Sources) -> Self {
        let children = sources.keys().filter(|other| other.len() == name.len() + 1 && other.starts_with(name));
        let children = children.map(|child| child[name.len()].clone()).collect();
        let mut paths = Paths { name: name.clone(), children, used: Vec::new(), handed_on: BTreeMap::new() };
        paths.visit_file(&syn::parse_file(&sources[name]).unwrap());
        paths
    }

    /// A path from the root of the crate, where it does not lead out of it.
    fn absolute(&self, path: &[String]) -> Option<Module> {
        let up = path.iter().take_while(|name| *name == "super").count();
        match path[0].as_str() {
            "crate" => Some(path[1..].to_vec()),
            "super" => Some([&self.name[..self.name.len() - up], &path[up..]].concat()),
            first if self.children.iter().any(|child| child == first) => Some([&self.name, path].concat()),
            _ => None,
        }
    }

    fn add_use(&mut self, before: &[String], tree: &UseTree, is_public: bool) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        let (path, alias) = match tree {
            UseTree::Path(path) => return self.add_use(&with(&path.ident), &path.tree, is_public),
            UseTree::Group(group) => return group.items.iter().for_each(|tree| self.add_use(before, tree, is_public)),
            UseTree::Name(name) if name.ident == "self" => (before.to_vec(), before[before.len() - 1].clone()),
            UseTree::Name(name) => (with(&name.ident), name.ident.to_string()),
            UseTree::Rename(name) => (with(&name.ident), name.rename.to_string()),
            UseTree::Glob(_) => (before.to_vec(), String::new()),
        };
        match self.absolute(&path) {
            Some(path) if is_public => drop(self.handed_on.insert(alias, path)),
            Some(path) => self.used.push(path),
            None => {}
        }
    }
}

impl<'a> Visit<'a> for Paths {
    fn visit_item_mod(&mut self, module: &'a syn::ItemMod) {
        // Unit tests may import what they like.
        if module.ident != "tests" {
            syn::visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        self.add_use(&[], &item.tree, !matches!(item.vis, syn::Visibility::Inherited));
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let names: Module = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.used.extend(if names.len() > 1 { self.absolute(&names) } else { None });
        syn::visit::visit_path(self, path);
    }

    fn visit_visibility(&mut self, _: &'a syn::Visibility) {}
}

/// The module that a path from the root leads to.
fn resolve(path: &[String], read: &BTreeMap<Module, Paths>) -> Module {
    let len = (1..=path.len()).rev().find(|&len| read.contains_key(&path[..len]));
    let Some(len) = len else { return module("lib") };
    match path.get(len).and_then(|name| read[&path[..len]].handed_on.get(name)) {
        Some(origin) => resolve(origin, read),
        None => path[..len].to_vec(),
    }
}

/// Imports of a higher layer, and circles.
fn faults(imports: &Imports) -> Vec<String> {
    let layer = |module: &Module| LAYERS.iter().position(|name| *name == module[0]).expect("a layer of LAYERS");
    let mut faults = Vec::new();
    for (from, others) in imports {
        for to in others.iter().filter(|to| layer(to) > layer(from)) {
            faults.push(format!("{} imports {}, which is above it", from.join("::"), to.join("::")));
        }
    }
    if faults.is_empty() {
        faults.extend(imports.keys().filter_map(|start| circle(imports, vec![start.clone()])).take(1));
    }
    faults
}

/// A way along imports from the first module of `way` back to it.
fn circle(imports: &Imports, way: Vec<Module>) -> Option<String> {
    let last = way.last()?;
    imports[last].iter().find_map(|next| {
        let whole = [&way[..], std::slice::from_ref(next)].concat();
        if *next == way[0] {
            return Some(whole.iter().map(|module| module.join("::")).collect::<Vec<_>>().join(" -> "));
        }
        let leads_back = !way.contains(next) && reach(imports, next).contains(&way[0]);
        leads_back.then(|| circle(imports, whole)).flatten()
    })
}

/// All modules that a module imports, directly or through others.
fn reach(imports: &Imports, from: &Module) -> BTreeSet<Module> {
    let (mut found, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(module) = next.pop() {
        next.extend(imports[module].iter().filter(|other| found.insert((*other).clone())));
    }
    found
}
