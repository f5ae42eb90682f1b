#include "hv-models/kernel/back_ends.hpp"

#include "hv-models/drivers/channels.hpp"
#include "hv-models/kernel/disk.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/runtime/print.hpp"

namespace hvlab::kernel {

using namespace interdomain;

bool MappedGrant::map(unsigned machine, Grant grant, bool write) {
  const i64 address = ask_hypervisor(Call::MapGrant, machine, grant, write ? 1 : 0);
  if (address < 0) return false;
  physical_ = static_cast<u64>(address);
  machine_ = machine;
  grant_ = grant;
  return true;
}

void MappedGrant::unmap() {
  if (physical_ != 0) ask_hypervisor(Call::UnmapGrant, machine_, grant_);
  physical_ = 0;
}

bool read_front(unsigned machine, Split kind, FrontOffer& offer) {
  return ask_hypervisor(Call::Front, machine, static_cast<u64>(kind), physical(&offer)) == 0 &&
         offer.ready == 1;
}

void make_offer(unsigned machine, Split kind, const BackOffer& offer) {
  ask_hypervisor(Call::Offer, machine, static_cast<u64>(kind), physical(&offer));
}

namespace {

bool wants(unsigned machine, Split kind) {
  const i64 kinds = ask_hypervisor(Call::Kinds, machine);
  return kinds >= 0 && (kinds >> static_cast<unsigned>(kind) & 1) != 0;
}

}  // namespace

// Each machine gets a part of the first disk, all of the same size, also those that do not want one: then it
// does not depend on the others where a machine's data is.
void serve_machines() {
  if ((runtime::hypervisor_features() & kIsManagement) == 0 || !drivers::has_channels()) return;
  const i64 machines = ask_hypervisor(Call::Machines);
  const Disk* disk = disk_number(0);
  const u64 guests = machines > 1 ? static_cast<u64>(machines) - 1 : 1;
  const u64 part = disk == nullptr ? 0 : disk->sectors() / guests;
  for (unsigned machine = 1; machine < machines; ++machine) {
    if (part != 0 && wants(machine, Split::Disk)) serve_disk(machine, (machine - 1) * part, part);
    if (wants(machine, Split::Network)) serve_card(machine);
  }
  ask_hypervisor(Call::Serve);
  runtime::print("HVLAB management ready machines=%ld\n", machines);
}

}  // namespace hvlab::kernel
