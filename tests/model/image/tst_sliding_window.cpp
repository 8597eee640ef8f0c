#include "model/image/SlidingWindow.h"
#include "tests/model/MessageOf.h"

#include <QTest>

using namespace tagalign::model::image;
using tagalign::test::messageOf;

namespace {

using Starts = std::vector<std::pair<int, int>>;

Starts startsOf(const SlidingWindows& windows)
{
    Starts starts;
    for (const auto& corner : windows.corners) {
        starts.emplace_back(corner.top, corner.left);
    }
    return starts;
}

} // namespace

class TestSlidingWindow : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void shortSideIsFitted_data()
    {
        QTest::addColumn<QSize>("picture");
        QTest::addColumn<int>("shortSide");
        QTest::addColumn<QSize>("fitted");
        QTest::newRow("wide") << QSize(640, 480) << 448 << QSize(597, 448);
        QTest::newRow("high") << QSize(100, 150) << 448 << QSize(448, 672);
        QTest::newRow("square") << QSize(7, 7) << 336 << QSize(336, 336);
        QTest::newRow("panorama") << QSize(6000, 600) << 448 << QSize(2048, 205);
        QTest::newRow("line") << QSize(9000, 1) << 448 << QSize(2048, 1);
        QTest::newRow("beyond the limit") << QSize(10, 10) << 3000 << QSize(3000, 3000);
    }

    void shortSideIsFitted()
    {
        QFETCH(QSize, picture);
        QFETCH(int, shortSide);
        QFETCH(QSize, fitted);
        const PixelSize size = fitShortSide({picture.width(), picture.height()}, shortSide);
        QCOMPARE(QSize(size.width, size.height), fitted);
    }

    void windowsCoverThePicture()
    {
        const SlidingWindows windows = slidingWindows({597, 448}, 448, 224);
        QCOMPARE(startsOf(windows), (Starts{{0, 0}, {0, 149}})); // 224 would pass the edge
        QCOMPARE(windows.window.width, 448);
        QCOMPARE(startsOf(slidingWindows({896, 500}, 448, 224)),
                 (Starts{{0, 0}, {0, 224}, {0, 448}, {52, 0}, {52, 224}, {52, 448}}));
        QCOMPARE(startsOf(slidingWindows({448, 448}, 448, 224)), (Starts{{0, 0}}));
    }

    void smallPicturesAreOneWindow()
    {
        const SlidingWindows windows = slidingWindows({336, 700}, 448, 448);
        QCOMPARE(windows.window.width, 336);
        QCOMPARE(windows.window.height, 448);
        QCOMPARE(startsOf(windows), (Starts{{0, 0}, {252, 0}}));
    }

    void numbersThatMakeNoSenseAreRefused()
    {
        QVERIFY(messageOf([] { (void)slidingWindows({10, 10}, 0, 1); }).contains("the window"));
        QVERIFY(messageOf([] { (void)slidingWindows({10, 10}, 4, 0); }).contains("the stride"));
        QVERIFY(messageOf([] {
                    (void)slidingWindows({10, 10}, 4, 5);
                }).contains("a stride of 5 pixels leaves gaps between windows of 4"));
        QVERIFY(messageOf([] { (void)fitShortSide({10, 10}, 0); }).contains("the short side"));
        QCOMPARE(slidingWindows({64, 64}, 1, 1).corners.size(), kMostWindows);
        QVERIFY(messageOf([] { (void)slidingWindows({65, 64}, 1, 1); }).contains("4160 windows"));
    }
};

QTEST_APPLESS_MAIN(TestSlidingWindow)
#include "tst_sliding_window.moc"
