// The front end of a split disk: requests go into a ring that the management machine's back end reads, with
// grants for the pages that they are about.
#include "hv-models/drivers/channels.hpp"
#include "hv-models/drivers/disk.hpp"
#include "hv-models/interdomain/split_devices.hpp"
#include "hv-models/runtime/memory.hpp"
#include "hv-models/runtime/spin_lock.hpp"

namespace hvlab::drivers {
namespace {

using namespace interdomain;
using runtime::Hold;

constexpr unsigned kManagement = 0;  // its number
constexpr unsigned kChannel = static_cast<unsigned>(Split::Disk);
constexpr u32 kSlots = DiskRing::Page::kEntries;

class FrontDisk final : public Disk {
 public:
  explicit FrontDisk(u64 sectors) : Disk("pv", sectors) {}
  bool set_up();
  void arrived();

 private:
  bool begin(DiskRequest& request) override;
  bool fill(DiskRing::Request& r, const DiskRequest& request, u16 id);
  void take_back(const DiskRing::Request& r);
  DiskRequest* take_done(bool& failed);

  struct Slot {
    DiskRequest* request = nullptr;
    DiskRing::Request sent = {};
  };
  runtime::SpinLock lock_;
  DiskRing::Front ring_;
  Slot slots_[kSlots];
};

bool FrontDisk::set_up() {
  auto* page = static_cast<DiskRing::Page*>(runtime::allocate_zeroed_page());
  if (page == nullptr) return false;
  const Grant grant = give_page(runtime::physical(page), kManagement, false);
  if (grant == kNoGrant) return false;
  ring_.set_up(page);
  connect_channel(kChannel, [](void* disk) { static_cast<FrontDisk*>(disk)->arrived(); }, this);
  FrontOffer& offer = shared_page().front[kChannel];
  offer.rings[0] = grant;
  __atomic_store_n(&offer.ready, 1u, __ATOMIC_RELEASE);
  notify_channel(kChannel);
  return true;
}

void FrontDisk::take_back(const DiskRing::Request& r) {
  for (unsigned i = 0; i < r.pages; ++i) take_page_back(r.grants[i]);
}

// The pages that `request` touches, granted: what is written to the disk can only be read there.
bool FrontDisk::fill(DiskRing::Request& r, const DiskRequest& request, u16 id) {
  constexpr u64 kMask = runtime::kPageBytes - 1;
  r = {id,
       static_cast<DiskKind>(request.kind),
       0,
       static_cast<u16>(request.sectors),
       static_cast<u16>(request.memory & kMask),
       request.sector,
       {}};
  if (request.kind == DiskRequest::Kind::Flush) return true;
  const u64 end = request.memory + u64{request.sectors} * kSectorBytes;
  for (u64 page = request.memory & ~kMask; page < end; page += runtime::kPageBytes) {
    const Grant grant = give_page(page, kManagement, request.kind == DiskRequest::Kind::Write);
    if (grant == kNoGrant) return take_back(r), false;
    r.grants[r.pages++] = grant;
  }
  return true;
}

bool FrontDisk::begin(DiskRequest& request) {
  const Hold hold(lock_);
  u16 id = 0;
  while (id < kSlots && slots_[id].request != nullptr) ++id;
  if (id == kSlots || ring_.is_full() || !fill(slots_[id].sent, request, id)) return false;
  slots_[id].request = &request;
  ring_.put(slots_[id].sent);
  if (ring_.publish()) notify_channel(kChannel);
  return true;
}

DiskRequest* FrontDisk::take_done(bool& failed) {
  const Hold hold(lock_);
  DiskRing::Response response = {};
  do {
    while (ring_.take(response)) {
      if (response.id >= kSlots || slots_[response.id].request == nullptr)
        continue;  // the back end's mistake
      DiskRequest* request = slots_[response.id].request;
      slots_[response.id].request = nullptr;
      take_back(slots_[response.id].sent);
      failed = response.failed != 0;
      return request;
    }
  } while (ring_.wait());
  return nullptr;
}

void FrontDisk::arrived() {
  bool failed = false, any = false;
  while (DiskRequest* request = take_done(failed)) {
    any = true;
    done(*request, failed);
  }
  if (any) room();
}

}  // namespace

void find_front_disks(DiskFound found) {
  if (!has_channels()) return;
  const BackOffer& offer = shared_page().back[kChannel];
  if (offer.present == 0) return;
  FrontDisk* disk = new (std::nothrow) FrontDisk(offer.sectors);
  if (disk == nullptr) return;
  found(*disk);
  if (!disk->set_up()) delete disk;
}

}  // namespace hvlab::drivers
