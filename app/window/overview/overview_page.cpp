// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/overview/overview_page.h"

#include "window/link/gateway_link.h"
#include "window/overview/hour_chart.h"
#include "window/theme/line_icon.h"
#include "window/theme/postern_style.h"
#include "window/theme/theme.h"
#include "window/widgets/buttons.h"
#include "window/widgets/labels.h"
#include "window/widgets/page.h"
#include "window/words/phrases.h"
#include "window/words/safe_text.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QPainter>
#include <QScrollArea>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

// One calm line: everything works.
class AllWell final : public QWidget {
  public:
    explicit AllWell(const QString& words, QWidget* parent) : QWidget(parent), m_words(words) {
        setFixedHeight(36);
        setAccessibleName(words);
    }

  protected:
    void paintEvent(QPaintEvent*) override {
        const ToneColors colors = theme::roles().tone(Tone::Ok);
        QPainter painter(this);
        paintButtonPanel(painter, rect(), colors.tint, colors.line);
        const auto placed = [this](const QRect& r) { return QStyle::visualRect(layoutDirection(), rect(), r); };
        paintLineIcon(painter, placed(QRect(13, 10, 16, 16)), u"ok"_s, colors.ink);
        painter.setFont(theme::sectionFont());
        painter.setPen(theme::roles().text);
        painter.drawText(placed(QRect(38, 0, width() - 50, height())),
                         static_cast<int>(QStyle::visualAlignment(layoutDirection(), Qt::AlignLeft) | Qt::AlignVCenter), m_words);
    }

  private:
    QString m_words;
};

} // namespace

OverviewPage::OverviewPage(GatewayLink& link, QWidget* parent) : Page(parent), m_link(link) {
    setObjectName(u"overviewPage"_s);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    auto* area = new QScrollArea;
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    area->setFocusPolicy(Qt::NoFocus);
    outer->addWidget(area);

    auto* content = new QWidget;
    content->setBackgroundRole(QPalette::Base);
    content->setAutoFillBackground(true);
    area->setWidget(content);
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(20, 14, 20, 16);
    column->setSpacing(12);
    m_header = new PageHeader(tr("Overview"));
    column->addWidget(m_header);
    m_banners = new BannerStack;
    connect(m_banners, &BannerStack::pressed, this, [this](const QString& id) { Q_EMIT remedyAsked(buttonRemedy(id)); });
    connect(m_banners, &BannerStack::linkPressed, this, [this](const QString& id) { Q_EMIT remedyAsked(linkRemedy(id)); });
    column->addWidget(m_banners);
    m_allWell = new AllWell(tr("Everything is working"), this);
    column->addWidget(m_allWell);
    m_firstSteps = makeFirstSteps();
    column->addWidget(m_firstSteps);

    m_body = new QWidget;
    auto* halves = new QHBoxLayout(m_body);
    halves->setContentsMargins(0, 4, 0, 0);
    halves->setSpacing(28);
    auto* lines = new QVBoxLayout;
    lines->setSpacing(0);
    m_in = new StatusLineModel(this);
    m_out = new StatusLineModel(this);
    m_here = new StatusLineModel(this);
    addSection(lines, tr("Coming in"), m_in);
    addSection(lines, tr("Going out"), m_out);
    addSection(lines, tr("This computer"), m_here);
    lines->addStretch(1);
    halves->addLayout(lines, 66);
    halves->addWidget(makeToday(), 34);
    column->addWidget(m_body);
    column->addStretch(1);
}

StatusListView* OverviewPage::addSection(QVBoxLayout* column, const QString& title, StatusLineModel* model) {
    if (column->count() > 0)
        column->addSpacing(16);
    column->addWidget(makeLabel(LabelKind::Section, title));
    column->addSpacing(6);
    column->addWidget(new Hairline);
    auto* list = new StatusListView(model);
    list->setAccessibleName(title);
    connect(list, &QListView::clicked, this,
            [this, model](const QModelIndex& index) { Q_EMIT thingOpened(model->line(index.row()).id); });
    connect(list, &QListView::activated, this,
            [this, model](const QModelIndex& index) { Q_EMIT thingOpened(model->line(index.row()).id); });
    column->addWidget(list);
    return list;
}

QWidget* OverviewPage::makeToday() {
    auto* today = new QWidget;
    auto* column = new QVBoxLayout(today);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(makeLabel(LabelKind::Section, tr("Today")));
    column->addSpacing(6);
    column->addWidget(new Hairline);
    column->addSpacing(8);
    auto* numbers = new QHBoxLayout;
    numbers->setSpacing(24);
    const QString captions[4] = {tr("taken in"), tr("delivered"), tr("waiting"), tr("refused")};
    for (int i = 0; i < 4; ++i) {
        auto* one = new QVBoxLayout;
        one->setSpacing(0);
        m_numbers[i] = makeLabel(LabelKind::Big, u"0"_s);
        auto* caption = makeLabel(LabelKind::Small, captions[i]);
        one->addWidget(m_numbers[i]);
        one->addWidget(caption);
        numbers->addLayout(one);
    }
    numbers->addStretch(1);
    column->addLayout(numbers);
    column->addSpacing(12);
    m_chart = new HourChart;
    column->addWidget(m_chart);
    column->addStretch(1);
    return today;
}

QWidget* OverviewPage::makeFirstSteps() {
    auto* box = new QFrame;
    box->setObjectName(u"firstSteps"_s);
    auto* column = new QVBoxLayout(box);
    column->setContentsMargins(0, 4, 0, 8);
    column->setSpacing(6);
    column->addWidget(makeLabel(LabelKind::Section, tr("Send a first message")));
    auto* words = makeLabel(LabelKind::Body, tr("Postern is ready and catches mail for reading. Nothing leaves this computer, "
                                                "so trying is safe."));
    words->setWordWrap(true);
    column->addWidget(words);
    auto* first = makeLabel(LabelKind::Dim, tr("In the program or device that should send mail, enter this server and port, "
                                               "without encryption and sign-in:"));
    first->setWordWrap(true);
    column->addWidget(first);
    m_address = makeLabel(LabelKind::Fixed);
    m_address->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    column->addWidget(m_address);
    column->addWidget(makeLabel(LabelKind::Dim, tr("Or try this line in a terminal:")));
    auto* row = new QHBoxLayout;
    m_command = makeLabel(LabelKind::Fixed);
    m_command->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    auto* copy = new QPushButton(lineIcon(u"copy"_s), tr("Copy"));
    copy->setAutoDefault(false);
    connect(copy, &QAbstractButton::clicked, this,
            [this] { QGuiApplication::clipboard()->setText(trialCommand(m_link.status())); });
    row->addWidget(m_command);
    row->addWidget(copy);
    row->addStretch(1);
    column->addLayout(row);
    column->addWidget(makeLabel(LabelKind::Dim, tr("The message then appears under “Caught mail”.")));
    return box;
}

void OverviewPage::showState(const LinkState& state) {
    const auto& status = m_link.status();
    const qint64 now = m_link.now();
    const auto banners = needsYou(state, status);
    m_header->setLine(todayWords(now));
    m_banners->setBanners(banners);
    m_allWell->setVisible(state.isThere && banners.isEmpty());
    m_body->setVisible(state.isThere); // what it was before says nothing about now
    const bool isFresh = state.isThere && isFreshCatcher(status);
    m_firstSteps->setVisible(isFresh);
    if (isFresh) {
        m_address->setText(leftToRight(listeningAddress(status)));
        m_command->setText(leftToRight(trialCommand(status)));
    }
    if (!state.isThere)
        return;
    m_in->setLines(comingIn(status, now));
    m_out->setLines(goingOut(status, now));
    m_here->setLines(thisComputer(status, now));
    const qint64 numbers[4] = {status.today.taken, status.today.delivered,
                               status.waiting + status.inFlight + status.held, status.today.refused};
    for (int i = 0; i < 4; ++i)
        m_numbers[i]->setText(countWords(numbers[i]));
    m_chart->setCounters(status.today);
}

} // namespace postern::window
