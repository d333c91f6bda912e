// SPDX-License-Identifier: GPL-3.0-or-later
//
// How it stands: what needs a person, what comes in and goes out, this computer, today's numbers.
// Thread: the GUI thread.
#pragma once

#include "window/overview/needs_you.h"
#include "window/widgets/page.h"

class QLabel;
class QVBoxLayout;

namespace postern::window {

class GatewayLink;
class HourChart;

class OverviewPage final : public Page {
    Q_OBJECT
  public:
    explicit OverviewPage(GatewayLink& link, QWidget* parent = nullptr);
    void showState(const LinkState& state);

  Q_SIGNALS:
    void remedyAsked(postern::window::Remedy remedy);
    void thingOpened(const QString& id); // a status line's id

  private:
    QWidget* makeToday();
    QWidget* makeFirstSteps();
    StatusListView* addSection(QVBoxLayout* column, const QString& title, StatusLineModel* model);

    GatewayLink& m_link;
    PageHeader* m_header = nullptr;
    BannerStack* m_banners = nullptr;
    QWidget* m_allWell = nullptr;
    QWidget* m_firstSteps = nullptr;
    QLabel* m_address = nullptr;
    QLabel* m_command = nullptr;
    StatusLineModel* m_in = nullptr;
    StatusLineModel* m_out = nullptr;
    StatusLineModel* m_here = nullptr;
    QLabel* m_numbers[4] = {};
    HourChart* m_chart = nullptr;
    QWidget* m_body = nullptr;
};

} // namespace postern::window
