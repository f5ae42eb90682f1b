#include <array>

#include "sim/observe/event.hpp"
#include "sim/observe/ledger.hpp"

namespace hvlab::observe {

namespace {

constexpr std::array<const char*, static_cast<size_t>(EventKind::Count)> kEventNames = {
    "exception",
    "interrupt",
    "nmi",
    "software-interrupt",
    "ring-change",
    "system-call",
    "address-space",
    "halt",
    "wake",
    "port-read",
    "port-write",
    "mmio-read",
    "mmio-write",
    "ipi",
    "reset",
    "doorbell",
    "request-start",
    "request-done",
    "dma-read",
    "dma-write",
    "line-interrupt",
    "message-interrupt",
    "frame-sent",
    "frame-received",
    "console",
    "debug-exit",
    "vm-entry",
    "vm-exit",
    "vm-exit-detail",
    "probe",
};

constexpr std::array<const char*, kAccounts> kAccountNames = {
    "guest-user",           "guest-kernel",       "hypervisor",  "host-kernel",  "host-user", "vmm-process",
    "management-vm-kernel", "management-vm-user", "translation", "world-switch", "idle",
};

static_assert(kEventNames.back() != nullptr && kAccountNames.back() != nullptr);

}  // namespace

const char* name(EventKind kind) { return kEventNames[static_cast<size_t>(kind)]; }
const char* name(Account account) { return kAccountNames[static_cast<size_t>(account)]; }

}  // namespace hvlab::observe
