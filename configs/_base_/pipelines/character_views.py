# Test views for characters, which have no mirror image: the image as it is, and moved by 1/32 of its side each way.
moves = [('horizontal', 0), *((way, by) for way in ('horizontal', 'vertical') for by in (1 / 32, -1 / 32))]
tta_model = dict(type='AverageLogitsTTA')
tta_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(
        type='TestTimeAug',
        transforms=[[
            dict(type='Translate', direction=way, magnitude=by, pad_val=0, prob=1.0, random_negative_prob=0.0)
            for way, by in moves
        ], [dict(type='PackInputs')]]),
]
