#include "sim/observe/linux_requests.hpp"

#include <algorithm>
#include <cstring>

#include "sim/base/user_error.hpp"
#include "sim/observe/btf.hpp"

namespace hvlab::observe {

namespace {

using Point = LinuxRequests::Point;

struct Function {
  const char* name;
  Point point;
};
/// One function of each point has to be there; blk_mq_end_request may hold a copy of __blk_mq_end_request.
constexpr Function kFunctions[] = {
    {"blk_mq_submit_bio", Point::Bio},  {"blk_mq_start_request", Point::Start},
    {"blk_mq_end_request", Point::End}, {"__blk_mq_end_request", Point::End},
    {"udp_sendmsg", Point::Send},       {"__udp_enqueue_schedule_skb", Point::Receive},
    {"__icmp_send", Point::Refuse},     {"try_to_wake_up", Point::Wake},
    {"wake_up_new_task", Point::Wake},  {"__switch_to", Point::Switch},
};

// include/linux/blk_types.h: the low byte of a request's flags.
constexpr u32 kOperationMask = 0xFF;
constexpr std::pair<u32, IoOperation> kOperations[] = {
    {0, IoOperation::Read}, {1, IoOperation::Write}, {2, IoOperation::Flush}, {3, IoOperation::Discard}};

constexpr u64 kUdpHeader = 8, kIpHeader = 20, kEthernetHeader = 14;
constexpr unsigned kMostVectors = 1024;  // a list longer than that is none
constexpr size_t kBannerBytes = 256;

template <class T>
T get(const LinuxRequests::Read& read, u64 address) {
  T value{};
  return read(address, &value, sizeof value) ? value : T{};
}

}  // namespace

std::optional<LinuxRequests> LinuxRequests::from_vmlinux(Bytes vmlinux, const SymbolTable& symbols) {
  try {
    const ElfImage image = parse_elf(vmlinux, "vmlinux");
    const ElfSection* section = image.section(".BTF");
    if (section == nullptr) return std::nullopt;
    const auto btf = Btf::parse(vmlinux.subspan(section->offset, section->bytes));
    if (!btf) return std::nullopt;
    bool all = true;
    const auto offset = [&](const char* structure, const char* member) {
      const auto found = btf->member(structure, member);
      all = all && found.has_value();
      return found ? found->offset : 0;
    };
    const auto symbol = [&](const char* name) {
      const auto found = symbols.address_of(name);
      all = all && found.has_value();
      return found.value_or(0);
    };
    LinuxRequests result;
    const u32 iterator = offset("bio", "bi_iter");
    result.at_ = {.sector = offset("request", "__sector"),
                  .bytes = offset("request", "__data_len"),
                  .flags = offset("request", "cmd_flags"),
                  .bio = offset("request", "bio"),
                  .queue = offset("request", "q"),
                  .next = offset("bio", "bi_next"),
                  .vectors = offset("bio", "bi_io_vec"),
                  .index = iterator + offset("bvec_iter", "bi_idx"),
                  .done = iterator + offset("bvec_iter", "bi_bvec_done"),
                  .size = iterator + offset("bvec_iter", "bi_size"),
                  .page = offset("bio_vec", "bv_page"),
                  .length = offset("bio_vec", "bv_len"),
                  .offset = offset("bio_vec", "bv_offset"),
                  .vector_bytes = btf->size("bio_vec"),
                  .buffer_bytes = offset("sk_buff", "len"),
                  .page_bytes = btf->size("page")};
    result.current_ = symbol("current_task");
    result.pages_ = symbol("vmemmap_base");
    result.entry_ = symbol("entry_SYSCALL_64");
    result.banner_at_ = symbol("linux_banner");
    unsigned points = 0;
    for (const Function& each : kFunctions) {
      const auto address = symbols.address_of(each.name);
      if (!address) continue;
      points |= 1u << static_cast<unsigned>(each.point);
      result.points_.emplace_back(*address, each.point);
      result.addresses_.push_back(*address);
    }
    // Without the Internet protocols there are no datagrams to follow.
    constexpr unsigned kNetwork = 1u << static_cast<unsigned>(Point::Send) |
                                  1u << static_cast<unsigned>(Point::Receive) |
                                  1u << static_cast<unsigned>(Point::Refuse);
    all = all && (points | kNetwork) + 1 == 1u << static_cast<unsigned>(Point::Count);
    const Bytes banner = image.at_virtual(result.banner_at_, kBannerBytes);
    if (!all || banner.empty() || result.at_.page_bytes == 0 || result.at_.vector_bytes == 0)
      return std::nullopt;
    const auto* text = reinterpret_cast<const char*>(banner.data());
    result.banner_.assign(text, strnlen(text, banner.size()));
    return result;
  } catch (const UserError&) {
    return std::nullopt;
  }
}

std::optional<Point> LinuxRequests::point_at(u64 address) const {
  const auto found = std::ranges::find(points_, address, &std::pair<u64, Point>::first);
  if (found == points_.end()) return std::nullopt;
  return found->second;
}

std::optional<u64> LinuxRequests::slide_of(u64 entry) const {
  if (entry < entry_ || (entry - entry_) % 4096 != 0) return std::nullopt;
  return entry - entry_;
}

bool LinuxRequests::runs_at(u64 slide, const Read& read) const {
  std::string there(banner_.size(), '\0');
  return !banner_.empty() && read(banner_at_ + slide, there.data(), there.size()) && there == banner_;
}

u64 LinuxRequests::current_thread(u64 area, const Read& read) const {
  return get<u64>(read, area + current_);
}

u64 LinuxRequests::frame_of_payload(u64 payload) {
  return payload + kUdpHeader + kIpHeader + kEthernetHeader;
}

u64 LinuxRequests::frame_of_buffer(u64 skb, const Read& read) const {
  return frame_of_payload(get<u32>(read, skb + at_.buffer_bytes));
}

u64 LinuxRequests::frame_of_whole_buffer(u64 skb, const Read& read) const {
  return frame_of_buffer(skb, read) - kUdpHeader;
}

u64 LinuxRequests::first_bio(u64 request, const Read& read) const {
  return get<u64>(read, request + at_.bio);
}

bool LinuxRequests::is_empty(u64 bio, const Read& read) const { return get<u32>(read, bio + at_.size) == 0; }

IoFacts LinuxRequests::read_request(u64 request, u64 slide, const Read& read, const Resolve& resolve) const {
  IoFacts facts;
  const u32 flags = get<u32>(read, request + at_.flags);
  for (const auto& [code, operation] : kOperations)
    if ((flags & kOperationMask) == code) facts.operation = operation;
  facts.queue = get<u64>(read, request + at_.queue);
  if (facts.operation == IoOperation::Flush) return facts;
  facts.sector = get<u64>(read, request + at_.sector);
  facts.bytes = get<u32>(read, request + at_.bytes);
  if (facts.operation == IoOperation::Read || facts.operation == IoOperation::Write)
    read_pages(get<u64>(read, request + at_.bio), facts.bytes, slide, read, resolve, facts);
  return facts;
}

/// The physical pages of the data: those of each bio's vectors, from where its iterator stands.
void LinuxRequests::read_pages(u64 bio, u64 bytes, u64 slide, const Read& read, const Resolve& resolve,
                               IoFacts& facts) const {
  const u64 first_page = get<u64>(read, pages_ + slide);
  unsigned vectors = 0;
  for (; bio != 0 && bytes != 0; bio = get<u64>(read, bio + at_.next)) {
    u64 vector = get<u64>(read, bio + at_.vectors) + u64{get<u32>(read, bio + at_.index)} * at_.vector_bytes;
    u64 skip = get<u32>(read, bio + at_.done);
    u64 left = get<u32>(read, bio + at_.size);
    for (; left != 0 && bytes != 0; vector += at_.vector_bytes, skip = 0) {
      const u64 length = std::min<u64>(get<u32>(read, vector + at_.length), left + skip);
      if (length <= skip || ++vectors > kMostVectors) return facts.pages.clear();
      const u64 page = (get<u64>(read, vector + at_.page) - first_page) / at_.page_bytes;
      const u64 begin = page * 4096 + get<u32>(read, vector + at_.offset) + skip, end = begin + length - skip;
      for (u64 at = begin & ~u64{4095}; at < end; at += 4096) {
        const auto there = resolve(at);
        if (!there) return facts.pages.clear();
        facts.pages.push_back(*there);
      }
      left -= length - skip;
      bytes -= std::min(bytes, length - skip);
    }
  }
}

}  // namespace hvlab::observe
