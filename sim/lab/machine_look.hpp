// Looks at a running machine: knows its virtual processors, consoles and symbols, and makes its documents.
// Nothing that is simulated depends on it.
#pragma once

#include <optional>
#include <string>

#include "sim/inspect/machine_document.hpp"
#include "sim/lab/boot_options.hpp"
#include "sim/lab/console_tails.hpp"
#include "sim/lab/guest_consoles.hpp"
#include "sim/lab/known_symbols.hpp"

namespace hvlab::lab {

class MachineLook final : public observe::Observer {
 public:
  MachineLook(const board::Machine& machine, const BootOptions& options);

  void on_event(const observe::Event& event) override {
    exits_.on_event(event);
    consoles_.on_event(event);
    guests_.on_event(event);
  }

  struct Wishes {
    std::optional<u64> address;
    std::optional<size_t> processor;
    size_t console_bytes = 2000;
  };
  /// hvlab.machine/1 of this moment.
  record::Json document(const Wishes& wishes);

  /// The control block of virtual processor `vcpu` of machine `vm`; nothing if it never ran.
  std::optional<u64> block_of(unsigned vm, unsigned vcpu) const;
  /// Which virtual processor processor `core` runs, or ran last; vm 0 if none.
  observe::ExitTotals::Vcpu vcpu_on(size_t core) const;

  /// "name+0x12" of a linear address of what `cpu` runs, or empty.
  std::string symbol(const cpu::Cpu& cpu, u64 address) { return symbols_.at(cpu, address); }

  const observe::ExitTotals& exits() const { return exits_; }
  const board::Machine& machine() const { return machine_; }

 private:
  const board::Machine& machine_;
  KnownSymbols symbols_;
  observe::ExitTotals exits_;
  ConsoleTails consoles_;
  GuestConsoles guests_;
};

}  // namespace hvlab::lab
