#include "app/pages/QualityControl.h"

#include "app/jobs/QualityJob.h"
#include "widgets/QualityBar.h"

#include <QFileInfo>
#include <QSettings>

#include <cmath>

namespace tagalign::app {

namespace {

constexpr int kRestMs = 1000;
constexpr std::size_t kSecondLooks = 20; ///< a menu's length
const QString kOrder = QStringLiteral("verify/doubtful_first");
const QString kPlot = QStringLiteral("verify/quality_plot");

QList<widgets::QualityRow> rowsOf(const TagQualityState& state)
{
    QList<widgets::QualityRow> rows;
    if (state.pairs.empty()) {
        return rows;
    }
    for (const auto& row : model::tags::thresholdRows(state.pairs, state.check.probabilities)) {
        rows.append({.precision = std::isfinite(row.precision) ? row.precision : -1.0,
                     .low = row.interval.low,
                     .high = row.interval.high,
                     .coverage = row.coverage,
                     .kept = int(row.kept),
                     .reach = row.reach});
    }
    return rows;
}

QString basisOf(const TagQualityState& state)
{
    const std::size_t verdicts = state.check.accepted + state.check.rejected;
    if (verdicts == 0) {
        return QualityControl::tr("No verdicts yet: the probabilities are a first guess from the "
                                  "captions, their parsers and the picture.");
    }
    const QString basis =
        QualityControl::tr("From %1 verdicts, each compared with a model that did not see its "
                           "picture, and weighed so that the judged tags stand for all.")
            .arg(verdicts);
    return state.check.auroc
               ? QualityControl::tr("%1 A right tag is told from a wrong one in %2 % of the cases; "
                                    "probabilities are off by %3 points on average.")
                     .arg(basis)
                     .arg(*state.check.auroc * 100.0, 0, 'f', 0)
                     .arg(state.check.calibrationError * 100.0, 0, 'f', 0)
               : basis;
}

} // namespace

struct QualityControl::State
{
    QList<widgets::QualityRow> rows;
    QString basis;
    QStringList lines; ///< of the second look
    QList<Place> places;
    double threshold = 0.5;
};

QualityControl::QualityControl(Workspace& workspace, widgets::QualityBar* bar, QObject* parent)
    : QObject(parent),
      m_workspace(workspace),
      m_bar(bar)
{
    m_rest.setSingleShot(true);
    m_rest.setInterval(kRestMs);
    m_bar->setDoubtfulFirst(QSettings().value(kOrder, false).toBool());
    m_bar->setPlotShown(QSettings().value(kPlot, false).toBool());
    connect(&m_rest, &QTimer::timeout, this, &QualityControl::refresh);
    connect(&workspace, &Workspace::qualityChanged, this, &QualityControl::refresh);
    connect(&workspace, &Workspace::confidenceThresholdChanged, bar,
            &widgets::QualityBar::setThreshold);
    connect(bar, &widgets::QualityBar::thresholdChanged, &workspace,
            &Workspace::setConfidenceThreshold);
    connect(bar, &widgets::QualityBar::orderChanged, this, [this](bool isDoubtfulFirst) {
        QSettings().setValue(kOrder, isDoubtfulFirst);
        Q_EMIT orderChanged();
    });
    connect(bar, &widgets::QualityBar::plotToggled, this,
            [](bool isShown) { QSettings().setValue(kPlot, isShown); });
    connect(bar, &widgets::QualityBar::secondLookChosen, this, [this](int line) {
        Q_EMIT placeChosen(m_secondLook.at(line).image, m_secondLook.at(line).tag);
    });
}

db::Order QualityControl::order() const
{
    return m_bar->isDoubtfulFirst() ? db::Order::MostDoubtful : db::Order::AsImported;
}

QualityControl::State QualityControl::stateOf(const Project& project, const db::Database& database)
{
    const TagQualityState quality = refreshTagQuality(project, database);
    State state{.rows = rowsOf(quality),
                .basis = basisOf(quality),
                .threshold = confidenceThreshold(database)};
    for (const DoubtfulVerdict& doubt : secondLook(database, quality, kSecondLooks)) {
        const db::PairEvidence& pair = doubt.pair;
        const QString said = pair.state == db::State::Accepted ? tr("accepted") : tr("rejected");
        state.lines.append(tr("%1 on %2: %3, %4 % likely")
                               .arg(pair.lemma, QFileInfo(doubt.image).fileName(), said)
                               .arg(doubt.agreement * 100.0, 0, 'f', 0));
        state.places.append({pair.image, pair.tag});
    }
    return state;
}

void QualityControl::refresh()
{
    m_rest.stop();
    m_workspace.session.ask(
        this,
        [project = m_workspace.project()](const db::Database& database) {
            return stateOf(project, database);
        },
        [this](const State& state) {
            m_secondLook = state.places;
            m_bar->setThreshold(state.threshold);
            m_bar->setRows(state.rows, state.basis);
            m_bar->setSecondLook(state.lines);
        });
}

} // namespace tagalign::app
