//! `cargo xtask demo`: the server, the edge on workerd and the demo shop, each a process of its own as in production.

mod credentials;
mod health;
mod ports;
mod service;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::arguments::Arguments;
use crate::interrupt::Interrupt;
use crate::progress::{Outcome, Progress};
use crate::setup::{self, Scope};
use crate::workspace::Workspace;
use crate::{process, server, wasm};
use credentials::Credentials;
use service::Service;

const SERVER_PORT: u16 = 8080;
const EDGE_PORT: u16 = 8787;
const SHOP_PORT: u16 = 8090;

/// Runs the command; returns when Ctrl-C was pressed, or with an error when one of the parts ended by itself.
pub(crate) fn run(workspace: &Workspace, mut arguments: Arguments) -> Result<()> {
    let data = match arguments.option("--data-dir")? {
        None => workspace.path("target/demo"),
        Some(folder) => std::env::current_dir()?.join(folder),
    };
    let port = match arguments.option("--port")? {
        None => SERVER_PORT,
        Some(text) => text
            .parse()
            .with_context(|| format!("--port {text} is not a port number"))?,
    };
    arguments.finish()?;

    setup::run(workspace, Scope::Demo)?;
    wasm::build(workspace)?;
    let program = server::build(workspace)?;
    // Only from here on: until now Ctrl-C may end us at once.
    let interrupt = Interrupt::watch()?;
    let mut demo = Demo {
        workspace,
        interrupt,
        logs: workspace.path("target/demo-logs"),
        running: Vec::new(),
    };
    let result = demo.start_and_wait(&program, &data, port);
    demo.stop();
    result
}

struct Demo<'a> {
    workspace: &'a Workspace,
    interrupt: Interrupt,
    logs: PathBuf,
    running: Vec<Service>,
}

/// Where the parts listen.
struct Addresses {
    server: String,
    edge: String,
    shop: String,
}

impl Demo<'_> {
    fn start_and_wait(&mut self, server: &Path, data: &Path, port: u16) -> Result<()> {
        std::fs::create_dir_all(&self.logs)
            .with_context(|| format!("cannot create {}", self.logs.display()))?;
        let credentials = Credentials::load_or_create(server, data)?;
        let server_port = ports::free_from(port)?;
        let edge_port = ports::free_from(EDGE_PORT)?;
        let shop_port = ports::free_from(SHOP_PORT)?;
        let addresses = Addresses {
            server: format!("http://127.0.0.1:{server_port}"),
            edge: format!("http://127.0.0.1:{edge_port}"),
            shop: format!("http://127.0.0.1:{shop_port}"),
        };
        let mut progress = Progress::new(4);
        progress.step("server", || {
            let mut command = Command::new(server);
            command.arg("serve").arg("--data-dir").arg(data);
            command.args(["--listen", &format!("127.0.0.1:{server_port}")]);
            self.start("server", &mut command, &addresses.server, "/health")
        })?;
        progress.step("edge on workerd", || {
            let mut command = self.edge(server_port, edge_port, &credentials, data)?;
            self.start("edge", &mut command, &addresses.edge, "/health")
        })?;
        progress.step("demo shop", || {
            let mut command = Command::new("node");
            command
                .current_dir(&self.workspace.root)
                .args(["js/apps/shop/serve.mjs", "--port", &shop_port.to_string()])
                .args([
                    "--edge",
                    &addresses.edge,
                    "--write-key",
                    &credentials.write_key,
                ]);
            self.start("shop", &mut command, &addresses.shop, "/")
        })?;
        progress.step("audiences and the hero's experience", || {
            let mut seed = Command::new("node");
            seed.current_dir(&self.workspace.root)
                .args(["js/apps/shop/seed.mjs", "--api", &addresses.server])
                .args(["--token", &credentials.token]);
            process::logged(&mut seed, &self.logs.join("seed.log"))?;
            Ok(Outcome::Done)
        })?;
        self.announce(&addresses, &credentials, data);
        self.wait()
    }

    fn edge(
        &self,
        server_port: u16,
        edge_port: u16,
        credentials: &Credentials,
        data: &Path,
    ) -> Result<Command> {
        // What waits in there is for this data's server.
        let buffer = data.join("edge-buffer");
        std::fs::create_dir_all(&buffer)
            .with_context(|| format!("cannot create {}", buffer.display()))?;
        let mut command = Command::new(self.workspace.workerd()?);
        command
            .current_dir(&self.workspace.root)
            .env("HEADWATER_EDGE_SECRET", &credentials.edge_secret)
            .args(["serve", "edge-worker/worker.capnp", "--experimental"])
            .arg(format!("--socket-addr=http=127.0.0.1:{edge_port}"))
            .arg(format!(
                "--external-addr=aggregator=127.0.0.1:{server_port}"
            ))
            .arg(format!("--directory-path=edge-buffer={}", buffer.display()));
        Ok(command)
    }

    /// Starts one part and waits until it answers.
    fn start(
        &mut self,
        name: &'static str,
        command: &mut Command,
        address: &str,
        path: &str,
    ) -> Result<Outcome> {
        let mut service = Service::start(name, command, &self.logs.join(format!("{name}.log")))?;
        let ready = health::wait_for(address, path, || {
            if self.interrupt.asked() {
                bail!("stopped");
            }
            service.check_running()
        });
        self.running.push(service);
        ready.map(|()| Outcome::Done)
    }

    fn announce(&self, addresses: &Addresses, credentials: &Credentials, data: &Path) {
        let Addresses { server, edge, shop } = addresses;
        let token = &credentials.token;
        println!(
            "\n  Open the shop       {shop}\
             \n  Open the dashboard  {server}/#token={token}\
             \n\n  edge    {edge}\
             \n  data    {}\
             \n  logs    {}\
             \n\nCtrl-C stops all of it.",
            data.display(),
            self.logs.display()
        );
    }

    fn wait(&mut self) -> Result<()> {
        while !self.interrupt.asked() {
            for service in &mut self.running {
                service.check_running()?;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Ok(())
    }

    /// In the reverse order of starting: nobody talks to a part that is gone.
    fn stop(&mut self) {
        if !self.running.is_empty() {
            println!("\nstopping");
        }
        while let Some(service) = self.running.pop() {
            service.stop();
        }
    }
}
