// The little network of flannel/packets in ns-3: a pod, its node, another node, its pod; datagrams of 1400 bytes every
// 12 us over 10 Gbit/s links. ns-3 has no VXLAN device: packets are forwarded by IP in both nodes, without encapsulation.
// Prints how many datagrams arrive in a second of this machine's time.
#include <ns3/core-module.h>
#include <ns3/internet-module.h>
#include <ns3/network-module.h>
#include <ns3/point-to-point-module.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

using namespace ns3;

static const uint16_t kPort = 9000;
static const uint32_t kPayload = 1400;
static const int64_t kGapNs = 12000;
static const uint64_t kPackets = 40000;

static uint64_t received = 0;
static std::chrono::steady_clock::time_point start;

// The clock starts after a quarter of the packets, in the steady state.
static void onReceived(Ptr<Socket> socket) {
  while (socket->Recv()) {
    received++;
    if (received == kPackets / 4) start = std::chrono::steady_clock::now();
    if (received == kPackets / 4 + kPackets) {
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      std::printf("%.0f\n", static_cast<double>(kPackets) / seconds.count());
      std::fflush(stdout);
      std::_Exit(0);
    }
  }
}

static void send(Ptr<Socket> socket) {
  socket->Send(Create<Packet>(kPayload));
  Simulator::Schedule(NanoSeconds(kGapNs), &send, socket);
}

int main() {
  Time::SetResolution(Time::NS);
  NodeContainer nodes;
  nodes.Create(4);
  InternetStackHelper().Install(nodes);
  PointToPointHelper link;
  link.SetDeviceAttribute("DataRate", StringValue("10Gbps"));
  link.SetChannelAttribute("Delay", StringValue("50us"));
  Ipv4AddressHelper addresses("10.1.0.0", "255.255.255.0");
  Ipv4InterfaceContainer last;
  for (uint32_t i = 0; i + 1 < nodes.GetN(); i++) {
    last = addresses.Assign(link.Install(nodes.Get(i), nodes.Get(i + 1)));
    addresses.NewNetwork();
  }
  Ipv4GlobalRoutingHelper::PopulateRoutingTables();

  const auto udp = UdpSocketFactory::GetTypeId();
  const auto server = Socket::CreateSocket(nodes.Get(3), udp);
  server->Bind(InetSocketAddress(Ipv4Address::GetAny(), kPort));
  server->SetRecvCallback(MakeCallback(&onReceived));
  const auto client = Socket::CreateSocket(nodes.Get(0), udp);
  client->Connect(InetSocketAddress(last.GetAddress(1), kPort));
  Simulator::Schedule(Seconds(0), &send, client);
  Simulator::Run();
}
