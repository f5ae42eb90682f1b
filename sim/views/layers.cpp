#include "sim/views/layers.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace hvlab::views {

using Kind = LayerBox::Kind;

namespace {

// Less of the time that was not idle is no layer worth a box: a few cycles of a program that started the
// rest.
constexpr double kLeastShare = 0.005;
constexpr double kGap = 0.012, kFrameTitle = 0.5, kFrameSide = 0.014;

constexpr std::array<const char*, static_cast<size_t>(Kind::Count)> kKinds = {
    "hardware",    "hypervisor", "host-kernel",        "programs",     "container",
    "vmm-process", "machine",    "management-machine", "guest-kernel", "guest-programs"};

double of(const LayerFacts& facts, std::string_view account) {
  const auto found = facts.accounts.find(account);
  return found == facts.accounts.end() ? 0 : found->second;
}

bool matters(const LayerFacts& facts, std::string_view account) {
  double busy = 0;
  for (const auto& [name, time] : facts.accounts) busy += name == "idle" ? 0 : time;
  return of(facts, account) > kLeastShare * busy;
}

// A column above the base.
struct Column {
  Kind kind;
  std::string name;
  unsigned vm = 0, count = 1;
  double weight = 1;
};

LayerBox box_of(Kind kind, std::vector<std::string> accounts, unsigned vm = 0, int parent = -1,
                unsigned count = 1) {
  LayerBox box;
  box.kind = kind;
  box.accounts = std::move(accounts);
  box.vm = vm;
  box.parent = parent;
  box.count = count;
  return box;
}

// Draws boxes into one picture.
class Drawing {
 public:
  explicit Drawing(const LayerFacts& facts) : facts_(facts) {
    picture_.shape = shape();
    picture_.software = facts.software;
  }

  LayerPicture draw() {
    add(box_of(Kind::Hardware, {"idle"}, 0, -1, facts_.processors), 0, 1, 0, 1);
    const bool host = !on_hardware();
    const int base =
        host ? add(box_of(Kind::HostKernel, {"host-kernel"}), 0, 1, 1, 2)
             // What it did before its first guest and between them is charged as a host's kernel.
             : add(box_of(Kind::Hypervisor, {"hypervisor", "host-kernel", "translation"}), 0, 1, 1, 2);
    picture_.rows = 2;
    draw_columns();
    if (picture_.shape == LayerShape::OnHost) draw_nested_hypervisor(base);
    return std::move(picture_);
  }

 private:
  bool on_hardware() const {
    return picture_.shape == LayerShape::OnHardware || picture_.shape == LayerShape::Managed;
  }

  // Where programs run on the machine itself there is a host's kernel; a hypervisor alone has none.
  LayerShape shape() const {
    if (facts_.vms.empty() && of(facts_, "guest-kernel") == 0 && of(facts_, "guest-user") == 0)
      return facts_.contained || !facts_.containers.empty() ? LayerShape::Contained : LayerShape::System;
    if (of(facts_, "vmm-process") > 0 || of(facts_, "host-user") > 0) return LayerShape::OnHost;
    const bool managed = of(facts_, "management-vm-kernel") + of(facts_, "management-vm-user") > 0;
    return managed ? LayerShape::Managed : LayerShape::OnHardware;
  }

  int add(LayerBox box, double left, double right, double bottom, double top) {
    box.left = left, box.right = right, box.bottom = bottom, box.top = top;
    picture_.boxes.push_back(std::move(box));
    picture_.rows = std::max(picture_.rows, top);
    return static_cast<int>(picture_.boxes.size()) - 1;
  }

  unsigned management_vm() const {
    if (picture_.shape != LayerShape::Managed || facts_.vms.empty()) return 0;
    return facts_.management_vm != 0 ? facts_.management_vm : facts_.vms.front();
  }

  // The first ones have columns of their own, the others one together.
  static void gather(std::vector<Column>& columns, std::vector<Column> all) {
    const size_t own = all.size() > kMostColumns ? kMostColumns - 1 : all.size();
    if (own < all.size()) {
      all[own].count = static_cast<unsigned>(all.size() - own);
      all[own].name.clear();
      all.resize(own + 1);
    }
    columns.insert(columns.end(), all.begin(), all.end());
  }

  std::vector<Column> columns() const {
    std::vector<Column> columns, machines, containers;
    if (management_vm() != 0) columns.push_back({Kind::ManagementMachine, "", management_vm(), 1, 1});
    if (picture_.shape == LayerShape::System) columns.push_back({Kind::Programs, "", 0, facts_.instances, 1});
    if (picture_.shape == LayerShape::OnHost && matters(facts_, "host-user"))
      columns.push_back({Kind::Programs, "", 0, 1, 0.55});
    for (const std::string& name : facts_.containers) containers.push_back({Kind::Container, name, 0, 1, 1});
    if (facts_.contained && containers.empty())
      containers.assign(std::max(facts_.instances, 1U), {Kind::Container, "", 0, 1, 1});
    for (const unsigned vm : facts_.vms) {
      if (vm != management_vm())
        machines.push_back(
            {Kind::Machine, "", vm, 1, picture_.shape == LayerShape::OnHost && has_vmm() ? 1.6 : 1});
    }
    gather(columns, containers);
    gather(columns, machines);
    return columns;
  }

  bool has_vmm() const { return of(facts_, "vmm-process") > 0; }
  bool one_guest() const { return facts_.vms.size() - (management_vm() != 0 ? 1 : 0) == 1; }

  void draw_columns() {
    const std::vector<Column> all = columns();
    const double weights = std::accumulate(all.begin(), all.end(), 0.0,
                                           [](double sum, const Column& each) { return sum + each.weight; });
    const double room = 1 - kGap * (static_cast<double>(all.size()) - 1);
    double left = 0;
    for (const Column& each : all) {
      const double right = left + room * each.weight / weights;
      draw_column(each, left, right, all.size());
      left = right + kGap;
    }
  }

  void draw_column(const Column& column, double left, double right, size_t among) {
    switch (column.kind) {
      case Kind::Machine:
      case Kind::ManagementMachine: return draw_machine(column, left, right);
      case Kind::Container: return draw_container(column, left, right, among);
      default: add(box_of(Kind::Programs, {"host-user"}, 0, -1, column.count), left, right, 2, 3);
    }
  }

  void draw_container(const Column& column, double left, double right, size_t among) {
    LayerBox container = box_of(Kind::Container, {}, 0, -1, column.count);
    container.name = column.name;
    const int frame = add(std::move(container), left, right, 2, 3 + kFrameTitle);
    std::vector<std::string> accounts;
    if (among == 1 && column.count == 1) accounts = {"host-user"};
    add(box_of(Kind::Programs, accounts, 0, frame), left + kFrameSide, right - kFrameSide, 2, 3);
  }

  void draw_machine(const Column& column, double left, double right) {
    const bool management = column.kind == Kind::ManagementMachine;
    const int frame =
        add(box_of(column.kind, {}, column.vm, -1, column.count), left, right, 2, 4 + kFrameTitle);
    left += kFrameSide, right -= kFrameSide;
    const bool told = management || one_guest();
    const auto whose = [&](const char* account) {
      return told ? std::vector<std::string>{account} : std::vector<std::string>{};
    };
    if (picture_.shape == LayerShape::OnHost && has_vmm() && !management) {
      const double middle = left + 0.36 * (right - left);
      add(box_of(Kind::VmmProcess, whose("vmm-process"), column.vm, frame), left, middle - kGap / 2, 2, 4);
      left = middle + kGap / 2;
    }
    add(box_of(Kind::GuestKernel, whose(management ? "management-vm-kernel" : "guest-kernel"), column.vm,
               frame),
        left, right, 2, 3);
    add(box_of(Kind::GuestPrograms, whose(management ? "management-vm-user" : "guest-user"), column.vm,
               frame),
        left, right, 3, 4);
  }

  // A part of the host's kernel, beneath the guests.
  void draw_nested_hypervisor(int base) {
    double left = 1;
    for (const LayerBox& box : picture_.boxes) {
      if (box.kind == Kind::GuestKernel) left = std::min(left, box.left);
    }
    add(box_of(Kind::Hypervisor, {"hypervisor", "translation"}, 0, base), std::min(left, 0.7), 1 - kFrameSide,
        1.12, 1.88);
  }

  const LayerFacts& facts_;
  LayerPicture picture_;
};

}  // namespace

const char* name(Kind kind) { return kKinds.at(static_cast<size_t>(kind)); }

const char* name(LayerShape shape) {
  constexpr std::array kShapes = {"system", "contained", "on-hardware", "managed", "on-host"};
  return kShapes.at(static_cast<size_t>(shape));
}

LayerPicture layer_picture(const LayerFacts& facts) { return Drawing(facts).draw(); }

}  // namespace hvlab::views
