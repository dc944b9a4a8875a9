//! wasmi behind the commands of `test/bench/engines/remote.mjs`, by lines of JSON: what `npm run bench:engines` measures.

use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wasmi::{Engine, Instance, Module, Store, Val};

type Failure = Box<dyn std::error::Error>;

#[derive(Default)]
struct Remote {
    loaded: Option<(Store<()>, Instance)>,
}

impl Remote {
    fn obey(&mut self, command: &Value) -> Result<Value, Failure> {
        let number = |name: &str| command[name].as_u64().ok_or(format!("{name} is missing"));
        let text = |name: &str| command[name].as_str().ok_or(format!("{name} is missing"));
        match text("do")? {
            "load" => self.load(&STANDARD.decode(text("wasm")?)?),
            "call" => Ok(json!(self.call(text("name")?, &command["args"])?.0)),
            "time" => Ok(json!(milliseconds(self.call(text("name")?, &command["args"])?.1))),
            "write" => {
                let bytes = STANDARD.decode(text("data")?)?;
                let at = number("address")? as usize;
                self.memory()?[at..at + bytes.len()].copy_from_slice(&bytes);
                Ok(json!(0))
            }
            "hash" => {
                let at = number("address")? as usize;
                let digest = Sha256::digest(&self.memory()?[at..at + number("bytes")? as usize]);
                Ok(json!(digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
            }
            other => Err(format!("there is no command {other}").into()),
        }
    }

    fn load(&mut self, wasm: &[u8]) -> Result<Value, Failure> {
        let engine = Engine::default();
        let start = Instant::now();
        let module = Module::new(&engine, wasm)?;
        let compile = start.elapsed();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        self.loaded = Some((store, instance));
        Ok(json!({ "compile": milliseconds(compile), "instantiate": milliseconds(start.elapsed() - compile) }))
    }

    fn call(&mut self, name: &str, numbers: &Value) -> Result<(u32, Duration), Failure> {
        let (store, instance) = self.loaded.as_mut().ok_or("nothing is loaded")?;
        let func = instance.get_func(&*store, name).ok_or("no such export")?;
        let numbers = numbers.as_array().ok_or("args are missing")?;
        let arguments: Vec<Val> = numbers.iter().map(|n| Val::I32(n.as_i64().unwrap_or_default() as i32)).collect();
        let mut results = vec![Val::I32(0); func.ty(&*store).results().len()];
        let start = Instant::now();
        func.call(store, &arguments, &mut results)?;
        let taken = start.elapsed();
        Ok((if let Some(Val::I32(n)) = results.first() { *n as u32 } else { 0 }, taken))
    }

    fn memory(&mut self) -> Result<&mut [u8], Failure> {
        let (store, instance) = self.loaded.as_mut().ok_or("nothing is loaded")?;
        let memory = instance.get_memory(&*store, "memory").ok_or("there is no memory")?;
        Ok(memory.data_mut(store))
    }
}

fn milliseconds(time: Duration) -> f64 {
    1000.0 * time.as_secs_f64()
}

fn main() -> Result<(), Failure> {
    let mut remote = Remote::default();
    for line in std::io::stdin().lock().lines() {
        let reply = match remote.obey(&serde_json::from_str(&line?)?) {
            Ok(answer) => json!({ "answer": answer }),
            Err(error) => json!({ "error": error.to_string() }),
        };
        println!("{reply}");
        std::io::stdout().flush()?;
    }
    Ok(())
}
