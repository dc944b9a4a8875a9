//! Spatial pyramid pooling in Rust: `simd.wasm` or `scalar.wasm` of the npm package pyramid-pool, run by wasmi.
//!
//! Copy this file and the module. It needs the crate `wasmi` with its feature `simd`; with `wasmtime` in its place, only the
//! names in the first lines change.
//!
//! ```
//! use pyramid_pool_host::{Module, Pyramid, Shape};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../dist/wasm/simd.wasm");
//! let mut module = Module::new(&std::fs::read(path)?)?;
//! let pyramid = Pyramid { levels: vec![(4, 4), (2, 2), (1, 1)], ..Pyramid::default() };
//! let shape = Shape { batch: 1, channels: 256, height: 13, width: 13 };
//! let x = vec![1.0_f32; shape.len()];
//! let (y, indices) = module.forward_with_indices(&pyramid, &x, shape)?; // 5376 of each
//! let gradient = module.backward(&pyramid, &y, Some(&indices), shape)?; // as many as x
//! # assert_eq!((y.len(), indices.len(), gradient.len()), (5376, 5376, x.len()));
//! # Ok(())
//! # }
//! ```

use std::fmt;

use wasmi::{Engine, Instance, Memory, Store, Val};

const ABI_VERSION: u32 = 1;
const JOB_BYTES: u32 = 32;

/// What went wrong.
#[derive(Debug)]
pub enum Error {
    /// The engine does not take the module, or a call trapped.
    Engine(wasmi::Error),
    /// The module's ABI has another version.
    Version(u32),
    /// The module's memory cannot grow far enough.
    OutOfMemory,
    /// An argument does not fit.
    Argument(String),
}

impl fmt::Display for Error {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Engine(error) => error.fmt(to),
            Error::Version(version) => write!(to, "the module's ABI is version {version}, not {ABI_VERSION}"),
            Error::OutOfMemory => write!(to, "the module's memory is exhausted"),
            Error::Argument(what) => what.fmt(to),
        }
    }
}

impl std::error::Error for Error {}

impl From<wasmi::Error> for Error {
    fn from(error: wasmi::Error) -> Self {
        Error::Engine(error)
    }
}

/// Sizes of a feature map.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub batch: u32,
    pub channels: u32,
    pub height: u32,
    pub width: u32,
}

impl Shape {
    /// Number of elements.
    pub fn len(self) -> usize {
        [self.batch, self.channels, self.height, self.width].iter().map(|&n| n as usize).product()
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// The order of a map's axes.
#[derive(Clone, Copy, Debug, Default)]
pub enum Layout {
    #[default]
    Nchw = 0,
    Nhwc = 1,
}

/// The order of a row of the output.
#[derive(Clone, Copy, Debug, Default)]
pub enum OutputOrder {
    /// One level after the other.
    #[default]
    Levels = 0,
    /// One channel after the other, each with the bins of all levels.
    Channels = 2,
}

/// Which cells a bin reads.
#[derive(Clone, Copy, Debug, Default)]
pub enum Bins {
    /// PyTorch's.
    #[default]
    Adaptive = 0,
    /// The paper's windows.
    Sliding = 1,
    /// Caffe's.
    Padded = 2,
}

/// What becomes of the cells of a bin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Reduction {
    #[default]
    Max,
    Average,
}

/// The pyramid over whole maps.
#[derive(Clone, Debug, Default)]
pub struct Pyramid {
    /// Rows and columns of bins, in the order of the output.
    pub levels: Vec<(u32, u32)>,
    /// Averages are of `f32` or [`F16`].
    pub reduction: Reduction,
    pub bins: Bins,
    pub layout: Layout,
    pub order: OutputOrder,
}

/// How a region of an image is brought onto the map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RegionRule {
    RoiPool { spatial_scale: f64 },
    SppNet { offset0: f64, offset: f64, step: f64 },
    RoiAlign { spatial_scale: f64, sampling_ratio: i32, aligned: bool },
}

impl Default for RegionRule {
    fn default() -> Self {
        RegionRule::RoiPool { spatial_scale: 1.0 }
    }
}

impl RegionRule {
    fn numbers(self) -> (u32, [f64; 3]) {
        match self {
            RegionRule::RoiPool { spatial_scale } => (0, [spatial_scale, 0.0, 0.0]),
            RegionRule::SppNet { offset0, offset, step } => (1, [offset0, offset, step]),
            RegionRule::RoiAlign { spatial_scale, sampling_ratio, aligned } => {
                (2, [spatial_scale, f64::from(sampling_ratio), f64::from(u8::from(aligned))])
            }
        }
    }
}

/// The pyramid over regions of maps, each `[item, x1, y1, x2, y2]` in the image.
#[derive(Clone, Debug, Default)]
pub struct RegionPyramid {
    /// Rows and columns of bins, in the order of the output.
    pub levels: Vec<(u32, u32)>,
    pub rule: RegionRule,
    /// `RoiAlign` averages whatever it is. Averages are of `f32` or [`F16`].
    pub reduction: Reduction,
    pub layout: Layout,
    pub order: OutputOrder,
}

impl RegionPyramid {
    fn averages(&self) -> bool {
        self.reduction == Reduction::Average || matches!(self.rule, RegionRule::RoiAlign { .. })
    }

    /// The numbers of its forward and its backward operation. `RoiAlign` has those of maxima.
    fn operations(&self) -> (u32, u32) {
        if self.averages() && !matches!(self.rule, RegionRule::RoiAlign { .. }) { (8, 9) } else { (5, 7) }
    }
}

/// Half precision, as its bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct F16(pub u16);

/// A type of elements: `f32`, [`F16`], `i8` or `u8`. Gradients are `f32` or [`F16`].
pub trait Element: Copy {
    #[doc(hidden)]
    const NUMBER: u32;
    #[doc(hidden)]
    fn write(self, to: &mut [u8]);
    #[doc(hidden)]
    fn read(from: &[u8]) -> Self;
}

macro_rules! element {
    ($type:ty, $number:expr, $bits:ty, $to:expr, $from:expr) => {
        impl Element for $type {
            const NUMBER: u32 = $number;
            fn write(self, to: &mut [u8]) {
                let bits: $bits = $to(self);
                to.copy_from_slice(&bits.to_le_bytes());
            }
            fn read(from: &[u8]) -> Self {
                $from(<$bits>::from_le_bytes(from.try_into().expect("as many bytes as the type has")))
            }
        }
    };
}

element!(f32, 0, u32, f32::to_bits, f32::from_bits);
element!(F16, 1, u16, |half: F16| half.0, F16);
element!(i8, 2, i8, |byte| byte, |byte| byte);
element!(u8, 3, u8, |byte| byte, |byte| byte);

/// Words, not elements of maps: indices and lists.
impl Element for i32 {
    const NUMBER: u32 = u32::MAX;
    fn write(self, to: &mut [u8]) {
        to.copy_from_slice(&self.to_le_bytes());
    }
    fn read(from: &[u8]) -> Self {
        i32::from_le_bytes(from.try_into().expect("four bytes"))
    }
}

/// An instance of the module, and its memory.
pub struct Module {
    store: Store<()>,
    instance: Instance,
    memory: Memory,
    /// What the call under way has taken: addresses and sizes.
    blocks: Vec<(u32, u32)>,
}

impl Module {
    /// Makes an instance of `simd.wasm` or `scalar.wasm`, given as bytes.
    pub fn new(wasm: &[u8]) -> Result<Self, Error> {
        let engine = Engine::default();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &wasmi::Module::new(&engine, wasm)?, &[])?;
        let memory = instance
            .get_memory(&store, "memory")
            .ok_or_else(|| Error::Argument("the module exports no memory".into()))?;
        let mut module = Module { store, instance, memory, blocks: Vec::new() };
        match module.call("abi_version", &[])? {
            ABI_VERSION => Ok(module),
            other => Err(Error::Version(other)),
        }
    }

    /// Pools maps of `shape`: `batch` rows of `channels * bins`.
    pub fn forward<T: Element>(&mut self, pyramid: &Pyramid, x: &[T], shape: Shape) -> Result<Vec<T>, Error> {
        let averages = pyramid.reduction == Reduction::Average;
        refuse_averages_of_bytes::<T>(averages)?;
        let operation = if averages { 3 } else { 0 };
        self.with_plan(pyramid, shape, |module, plan| Ok(module.pool(plan, operation, x, shape, shape.batch, false)?.0))
    }

    /// Pools maxima as [`Module::forward`], and gives for each its `row * width + column` in the plane.
    pub fn forward_with_indices<T: Element>(
        &mut self,
        pyramid: &Pyramid,
        x: &[T],
        shape: Shape,
    ) -> Result<(Vec<T>, Vec<i32>), Error> {
        refuse(pyramid.reduction != Reduction::Max, || "only maxima have indices".into())?;
        self.with_plan(pyramid, shape, |module, plan| module.pool(plan, 1, x, shape, shape.batch, true))
    }

    /// The gradient with respect to maps of `shape`. Maxima need the indices of their forward call.
    pub fn backward<T: Element>(
        &mut self,
        pyramid: &Pyramid,
        gradient: &[T],
        indices: Option<&[i32]>,
        shape: Shape,
    ) -> Result<Vec<T>, Error> {
        let is_max = pyramid.reduction == Reduction::Max;
        let (operation, indices) = if is_max { (2, Some(wanted(indices)?)) } else { (4, None) };
        self.with_plan(pyramid, shape, |module, plan| {
            module.spread(plan, operation, gradient, indices, shape, shape.batch)
        })
    }

    /// Pools regions of maps: a row of `channels * bins` for each.
    pub fn forward_regions<T: Element>(
        &mut self,
        pyramid: &RegionPyramid,
        x: &[T],
        shape: Shape,
        rois: &[[f32; 5]],
    ) -> Result<Vec<T>, Error> {
        refuse_averages_of_bytes::<T>(pyramid.averages())?;
        self.with_regions(pyramid, shape, rois, |module, plan| {
            Ok(module.pool(plan, pyramid.operations().0, x, shape, rois.len() as u32, false)?.0)
        })
    }

    /// Pools maxima as [`Module::forward_regions`], with indices: -1 where a bin has no cell.
    pub fn forward_regions_with_indices<T: Element>(
        &mut self,
        pyramid: &RegionPyramid,
        x: &[T],
        shape: Shape,
        rois: &[[f32; 5]],
    ) -> Result<(Vec<T>, Vec<i32>), Error> {
        refuse(pyramid.averages(), || "only maxima have indices".into())?;
        self.with_regions(pyramid, shape, rois, |module, plan| module.pool(plan, 6, x, shape, rois.len() as u32, true))
    }

    /// The gradient with respect to maps of `shape`. Maxima need the indices of their forward call.
    pub fn backward_regions<T: Element>(
        &mut self,
        pyramid: &RegionPyramid,
        gradient: &[T],
        indices: Option<&[i32]>,
        shape: Shape,
        rois: &[[f32; 5]],
    ) -> Result<Vec<T>, Error> {
        let indices = if pyramid.averages() { None } else { Some(wanted(indices)?) };
        self.with_regions(pyramid, shape, rois, |module, plan| {
            module.spread(plan, pyramid.operations().1, gradient, indices, shape, rois.len() as u32)
        })
    }

    /// Runs a forward operation.
    fn pool<T: Element>(
        &mut self,
        plan: Plan,
        operation: u32,
        x: &[T],
        shape: Shape,
        rows: u32,
        indexed: bool,
    ) -> Result<(Vec<T>, Vec<i32>), Error> {
        check_len("x", x.len(), shape.len())?;
        let len = rows as usize * shape.channels as usize * plan.bins;
        let input = self.place(x)?;
        let output = self.take(len * size_of::<T>())?;
        let indices = if indexed { self.take(4 * len)? } else { 0 };
        self.run(plan, [shape.batch, shape.channels, operation, input, output, indices, T::NUMBER])?;
        Ok((self.read(output, len), self.read(indices, if indexed { len } else { 0 })))
    }

    /// Runs a backward operation.
    fn spread<T: Element>(
        &mut self,
        plan: Plan,
        operation: u32,
        gradient: &[T],
        indices: Option<&[i32]>,
        shape: Shape,
        rows: u32,
    ) -> Result<Vec<T>, Error> {
        refuse(T::NUMBER > 1, || "gradients are f32 or F16".into())?;
        let len = rows as usize * shape.channels as usize * plan.bins;
        check_len("gradient", gradient.len(), len)?;
        let output = self.place(gradient)?;
        let indices = match indices {
            None => 0,
            Some(indices) => {
                check_len("indices", indices.len(), len)?;
                let at = self.place(indices)?;
                let cells = shape.height * shape.width;
                let bad = self.call("first_bad_index", &[at, len as u32, cells, u32::from(operation == 7)])? as usize;
                refuse(bad != len, || format!("indices[{bad}] is {}, and a plane has {cells} cells", indices[bad]))?;
                at
            }
        };
        let input = self.take(shape.len() * size_of::<T>())?;
        self.run(plan, [shape.batch, shape.channels, operation, input, output, indices, T::NUMBER])?;
        Ok(self.read(input, shape.len()))
    }

    /// Writes a job, and runs it.
    fn run(&mut self, plan: Plan, job: [u32; 7]) -> Result<(), Error> {
        let words = self.call(plan.scratch, &[plan.address, job[2], job[6]])?;
        let scratch = self.take(4 * words as usize)?;
        let at = self.take(JOB_BYTES as usize)?;
        self.write(at, &[&[plan.address], &job[..]].concat().iter().map(|&n| n as i32).collect::<Vec<_>>());
        let units = self.call("job_units", &[at, 1])?;
        self.call("run", &[at, 1, 0, units, scratch])?;
        Ok(())
    }

    fn with_plan<R>(
        &mut self,
        pyramid: &Pyramid,
        shape: Shape,
        work: impl FnOnce(&mut Self, Plan) -> Result<R, Error>,
    ) -> Result<R, Error> {
        self.with(|module| {
            let rule = pyramid.bins as u32;
            for (size, n) in pyramid.levels.iter().flat_map(|level| [(shape.height, level.0), (shape.width, level.1)]) {
                let count = module.call("bin_count", &[rule, size, n])?;
                refuse(count != n, || format!("{:?} gives {count} bins for {size} cells and {n} bins", pyramid.bins))?;
            }
            let levels = module.place_levels(&pyramid.levels)?;
            let count = pyramid.levels.len() as u32;
            let arrangement = pyramid.layout as u32 + pyramid.order as u32;
            let address = module.call("plan_new", &[shape.height, shape.width, levels, count, rule, arrangement])?;
            let plan = Plan::new(address, &pyramid.levels, "plan_scratch")?;
            let result = work(module, plan);
            module.call("plan_free", &[address])?;
            result
        })
    }

    fn with_regions<R>(
        &mut self,
        pyramid: &RegionPyramid,
        shape: Shape,
        rois: &[[f32; 5]],
        work: impl FnOnce(&mut Self, Plan) -> Result<R, Error>,
    ) -> Result<R, Error> {
        self.with(|module| {
            let levels = module.place_levels(&pyramid.levels)?;
            let regions = module.place(rois.as_flattened())?;
            let (rule, numbers) = pyramid.rule.numbers();
            let words = [
                [shape.batch, shape.height, shape.width, levels, pyramid.levels.len() as u32],
                [pyramid.layout as u32 + pyramid.order as u32, rule, regions, rois.len() as u32, 0],
            ];
            let bytes: Vec<u8> = words.as_flattened().iter().flat_map(|word| word.to_le_bytes()).collect();
            let doubles = numbers.iter().flat_map(|number| number.to_le_bytes());
            let request = module.place(&bytes.into_iter().chain(doubles).collect::<Vec<u8>>())?;
            let address = module.call("regions_new", &[request])?;
            let plan = Plan::new(address, &pyramid.levels, "regions_scratch")?;
            let result = work(module, plan);
            module.call("regions_free", &[address])?;
            result
        })
    }

    fn place_levels(&mut self, levels: &[(u32, u32)]) -> Result<u32, Error> {
        let words: Vec<i32> = levels.iter().flat_map(|level| [level.0 as i32, level.1 as i32]).collect();
        self.place(&words)
    }

    /// Does some work, and gives back what it took of the module's memory.
    fn with<R>(&mut self, work: impl FnOnce(&mut Self) -> Result<R, Error>) -> Result<R, Error> {
        let result = work(self);
        for (address, bytes) in std::mem::take(&mut self.blocks) {
            self.call("free", &[address, bytes])?;
        }
        result
    }

    /// Takes a block until the call is over.
    fn take(&mut self, bytes: usize) -> Result<u32, Error> {
        let bytes = u32::try_from(bytes).map_err(|_| Error::OutOfMemory)?;
        match self.call("alloc", &[bytes])? {
            0 => Err(Error::OutOfMemory),
            address => {
                self.blocks.push((address, bytes));
                Ok(address)
            }
        }
    }

    /// Takes a block for elements, and writes them there.
    fn place<T: Element>(&mut self, elements: &[T]) -> Result<u32, Error> {
        let address = self.take(size_of_val(elements))?;
        self.write(address, elements);
        Ok(address)
    }

    fn write<T: Element>(&mut self, address: u32, elements: &[T]) {
        let memory = &mut self.memory.data_mut(&mut self.store)[address as usize..];
        for (element, to) in elements.iter().zip(memory.chunks_exact_mut(size_of::<T>())) {
            element.write(to);
        }
    }

    fn read<T: Element>(&self, address: u32, len: usize) -> Vec<T> {
        let memory = &self.memory.data(&self.store)[address as usize..];
        memory.chunks_exact(size_of::<T>()).take(len).map(T::read).collect()
    }

    /// Calls an export. Gives 0 where it gives nothing.
    fn call(&mut self, name: &str, numbers: &[u32]) -> Result<u32, Error> {
        let func = self
            .instance
            .get_func(&self.store, name)
            .ok_or_else(|| Error::Argument(format!("the module does not export {name}")))?;
        let arguments: Vec<Val> = numbers.iter().map(|&n| Val::I32(n as i32)).collect();
        let mut results = vec![Val::I32(0); func.ty(&self.store).results().len()];
        func.call(&mut self.store, &arguments, &mut results)?;
        Ok(match results.first() {
            Some(Val::I32(n)) => *n as u32,
            _ => 0,
        })
    }
}

/// A plan in the module's memory.
#[derive(Clone, Copy)]
struct Plan {
    address: u32,
    bins: usize,
    /// The export that tells how much working memory it needs.
    scratch: &'static str,
}

impl Plan {
    fn new(address: u32, levels: &[(u32, u32)], scratch: &'static str) -> Result<Self, Error> {
        let refused = |why: &str| Err(Error::Argument(why.into()));
        match address {
            0 => Err(Error::OutOfMemory),
            1 => refused("the map or its bins have no cells, or more than 31 bits count"),
            2 => refused("a region names an item that the map does not have, or is not finite"),
            _ => {
                let bins = levels.iter().map(|&(rows, columns)| rows as usize * columns as usize).sum();
                Ok(Plan { address, bins, scratch })
            }
        }
    }
}

fn wanted(indices: Option<&[i32]>) -> Result<&[i32], Error> {
    indices.ok_or_else(|| Error::Argument("indices of the forward call are missing".into()))
}

fn check_len(name: &str, found: usize, wanted: usize) -> Result<(), Error> {
    refuse(found != wanted, || format!("{name} has {found} elements, and must have {wanted}"))
}

fn refuse_averages_of_bytes<T: Element>(averages: bool) -> Result<(), Error> {
    refuse(averages && T::NUMBER > 1, || "averages are of f32 or F16".into())
}

fn refuse(wrong: bool, why: impl FnOnce() -> String) -> Result<(), Error> {
    if wrong { Err(Error::Argument(why())) } else { Ok(()) }
}
