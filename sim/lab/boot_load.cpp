#include "sim/lab/boot_load.hpp"

#include "sim/base/user_error.hpp"
#include "sim/lab/entry.hpp"

namespace hvlab::lab {

namespace {

boot::BootSetup setup_of(const BootOptions& options) {
  boot::BootSetup setup;
  setup.kernel = options.kernel;
  setup.initrds = options.initrds;
  setup.modules = options.modules;
  setup.command_line = options.append;
  if (options.loader == "pvh") setup.entry = boot::Entry::Pvh;
  return setup;
}

// --loader names a way in; the image may not have it.
void check_loader(const std::string& loader, boot::KernelKind kind) {
  const bool fits = loader == "auto" || (loader == "bzimage" && kind == boot::KernelKind::BzImage) ||
                    (loader == "pvh" && kind == boot::KernelKind::Pvh) ||
                    (loader == "multiboot" && kind == boot::KernelKind::Multiboot1);
  if (!fits) {
    throw UserError("--loader " + loader + ": the kernel is " + boot::name(kind) + "; leave --loader out");
  }
}

}  // namespace

std::string load_boot(board::Machine& machine, const BootOptions& options) {
  if (options.kernel.empty()) return "";
  const boot::KernelKind kind = load_machine(machine, setup_of(options)).kind;
  check_loader(options.loader, kind);
  return kind == boot::KernelKind::Multiboot1 ? "" : options.kernel;
}

}  // namespace hvlab::lab
